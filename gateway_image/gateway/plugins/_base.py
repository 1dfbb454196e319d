"""What a plugin is: a configuration schema, a priority, and one method per phase it takes part in. A plugin's file is
found by its folder; the module names its class in `PLUGIN`. Not for: I/O (a plugin that must ask someone yields Fetch).

Phases keep Kong's words and order. A method that is not overridden costs nothing: the chain leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from gateway.schema import Check, Record
from gateway.values import Asking, Consulting, RedisStore, Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._repeat import Repeat


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a plugin when it is made: its entity and the node's resources."""

    entity: Mapping[str, Any]  # the plugin row: id, name, route, service, consumer, ...
    resources: Mapping[str, Any]  # what plugins of one name share across configurations: counters, metrics, log files

    @property
    def id(self) -> str:
        return str(self.entity["id"])


class Plugin:
    """Base of all plugins. `__init__` is the provision step: compile patterns there and raise ConfigError there, and
    the whole change fails with the old configuration still running."""

    name: ClassVar[str]
    priority: ClassVar[int]  # Kong's number: higher runs earlier
    version: ClassVar[str] = "3.9.1"
    fields: ClassVar[Record]  # the schema of `config`
    authenticates: ClassVar[bool] = False  # sets a consumer: consumer-scoped plugins are chosen after it ran
    checks: ClassVar[tuple[Check, ...]] = ()  # rules that Kong reports at the plugin, not inside config: "config.allow"
    no_consumer: ClassVar[bool] = False  # may not be scoped to a consumer (authentication, cors, acl...)
    protocols: ClassVar[tuple[str, ...]] = ("grpc", "grpcs", "http", "https")  # that a row may name
    default_protocols: ClassVar[tuple[str, ...]] = ("grpc", "grpcs", "http", "https")

    secret_names: frozenset[str] = frozenset()  # lower-case headers and arguments whose values no log may show
    store: RedisStore | None = None  # where this instance counts together with other nodes; workers connect ahead
    idle: tuple[str, ...] = ()  # phases in which this instance, as it is configured, has nothing to do

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        """`config` is validated, defaults filled in, vault references resolved."""
        self.config = config
        self.setting = setting

    def access(self, exchange: Exchange) -> Reply | Asking | Consulting | None:
        """Before anything goes upstream. None to go on, a Reply to stop; a generator may yield Fetch or Consult."""
        return None

    def header_filter(self, exchange: Exchange) -> None:
        """The upstream's (or our own) status and headers are known and not yet sent. For an answer that is not a
        stream its usage is known too."""

    def body_filter(self, exchange: Exchange, piece: bytes, last: bool) -> bytes:
        """Each piece of the body on its way to the client; the whole body at once when `exchange.hold` was set."""
        return piece

    def log(self, exchange: Exchange) -> None:
        """After the last byte; cannot change anything."""

    def repeat(self, exchange: Exchange) -> Repeat | None:
        """`exchange` is over and went well: what this plugin does for the next request with the same head from the same
        client. None: that cannot be told, the hooks must run."""
        return None

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        """What this plugin knows for the log plugins, put into their entries member by member."""
        return {}


def takes_part(plugin: Plugin, phase: str) -> bool:
    """Whether a plugin has its own method for a phase, and something to do in it."""
    return phase not in plugin.idle and getattr(type(plugin), phase) is not getattr(Plugin, phase)
