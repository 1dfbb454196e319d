"""What a kind of control plane can do; control_planes.py and ai_gateways.py are the two. Not for: choosing one
(products.py), deciding what is made (provisioning.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from quickstart import messages
from quickstart.konnect.client import Client
from quickstart.konnect.refusals import Refused
from quickstart.plan import Plan

MARK = "ai-gateway-quickstart"
"""The tag of our entities, and the label whose value is the installation that made a thing."""
DESCRIPTION = "Made by ai-gateway setup."


@dataclass(frozen=True, slots=True)
class Home:
    """A control plane. Hosts are `name` or `name:port`, as the data plane is told them."""

    id: str
    name: str
    labels: Mapping[str, str]
    configuration: str
    telemetry: str
    unfit: str = ""  # why no data plane of ours can join it; "" when it can


@dataclass(frozen=True, slots=True)
class Pinned:
    id: str
    pem: str


@dataclass(frozen=True, slots=True)
class Node:
    """A data plane as Konnect sees it. `config` is compared with what is expected; `last_ping` in Unix seconds."""

    id: str
    hostname: str
    version: str
    last_ping: float
    config: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing of the configuration. `owners`: installations of this program that it belongs to."""

    collection: str  # "services"
    id: str  # as it stands in the path
    name: str  # for people, and what must be unique in the collection where `unique`
    body: Mapping[str, Any] = field(compare=False)
    owners: frozenset[str] = frozenset()
    unique: bool = True


class Product(Protocol):
    title: str
    image: str  # the data plane's official image

    def find(self, client: Client, name: str) -> Home | None: ...

    def create(self, client: Client, name: str, labels: Mapping[str, str], proxy_port: int) -> Home: ...

    def delete(self, client: Client, home: str) -> None: ...

    def pinned(self, client: Client, home: str) -> list[Pinned]: ...

    def pin(self, client: Client, home: str, pem: str) -> Pinned: ...

    def unpin(self, client: Client, home: str, certificate: str) -> None: ...

    def nodes(self, client: Client, home: str) -> list[Node]: ...

    def expected(self, client: Client, home: str) -> str:
        """What the configuration of a data plane that is up to date is called: a hash or a version; "" = none yet."""

    def wanted(self, plan: Plan, configuration: str, home: str) -> list[Entity]:
        """What a plan makes, in the order it must be made."""

    def existing(self, client: Client, home: str) -> list[Entity]: ...

    def put(self, client: Client, home: str, entity: Entity, earlier: Entity | None, owner: str) -> None:
        """Makes it or makes it so, marked as `owner`'s."""

    def remove(self, client: Client, home: str, entity: Entity) -> None: ...


def host_of(endpoint: object) -> str:
    """`https://ab.us.cp.konghq.com` -> `ab.us.cp.konghq.com`, a port kept. Raises Refused for anything else."""
    try:
        parts = urlsplit(str(endpoint))
        host = parts.netloc if parts.scheme == "https" and parts.hostname and not parts.username else ""
    except ValueError:
        host = ""
    if not host:
        raise Refused("refused", messages.text("konnect.no_endpoint"), messages.text("konnect.no_endpoint_hint"))
    return host


def field_of(document: Mapping[str, Any], name: str) -> str:
    """A text that the answer must have. Raises Refused."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(
            "refused", messages.text("konnect.no_field", name=name), messages.text("konnect.no_endpoint_hint")
        )
    return value


def node_of(item: Mapping[str, Any], config: str) -> Node:
    state = item.get("compatibility_status")
    issues: Sequence[Any] = state.get("issues") or () if isinstance(state, dict) else ()
    problems = [
        " ".join(str(issue[name]) for name in ("code", "resolution") if issue.get(name))
        for issue in issues
        if isinstance(issue, dict)
    ]
    problems += [str(error.get("message", error)) for error in item.get("errors") or () if isinstance(error, dict)]
    return Node(
        str(item.get("id", "")), str(item.get("hostname", "")), str(item.get("version", "")),
        float(item.get("last_ping") or 0), str(item.get(config) or ""), tuple(problems),
    )  # fmt: skip
