"""acl: lets consumers in, or keeps them out, by the groups they are in. An authentication plugin must run before it.

Source: Kong's documentation and observable behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.plugins._base import Plugin, Setting
from gateway.schema import Array, AtLeastOneOf, Boolean, OnlyOneOf, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

FORBIDDEN = "You cannot consume this service"
_HEADER = b"X-Consumer-Groups"


class Acl(Plugin):
    name = "acl"
    priority = 950
    no_consumer = True
    fields = Record(
        "Lets consumers in by their groups.",
        required=True,
        fields={
            "allow": Array("Groups that get in; all others stay out.", elements=String("A group.")),
            "deny": Array("Groups that stay out; all others get in.", elements=String("A group.")),
            "hide_groups_header": Boolean(
                "Whether the upstream is not told the groups in X-Consumer-Groups.", default=False, required=True
            ),
            "always_use_authenticated_groups": Boolean(
                "Prefer groups that an authentication plugin found over those of the consumer. None of the plugins here"
                " finds groups, so the consumer's count.",
                default=False,
                required=True,
            ),
        },
    )
    checks = (OnlyOneOf("config.allow", "config.deny"), AtLeastOneOf("config.allow", "config.deny"))

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.allow = frozenset(config["allow"] or ())
        self.deny = frozenset(config["deny"] or ())
        self.hides: bool = config["hide_groups_header"]

    def access(self, exchange: Exchange) -> Reply | None:
        consumer = exchange.consumer
        if consumer is None:
            return exchange.core_error(401, "Unauthorized")
        rows = exchange.snapshot.members("acls", "consumer").get(consumer["id"], ())
        groups = [row["group"] for row in rows]
        if self.allow.isdisjoint(groups) if self.allow else not self.deny.isdisjoint(groups):
            return exchange.core_error(403, FORBIDDEN)
        if groups and not self.hides:
            exchange.set_request_header(_HEADER, ", ".join(groups).encode("utf-8"))
        else:
            exchange.clear_request_header(_HEADER)
        return None


PLUGIN = Acl
