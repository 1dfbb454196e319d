"""`ai-gateway export terraform`: the configuration as resources of the provider kong/konnect.

Names of resources and their attributes are those of the provider's documentation, and of `deck file kong2tf`. Not for:
data planes, which Terraform does not start.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.entities import KINDS
from quickstart import messages
from quickstart.exports._addresses import local_addresses
from quickstart.exports._bundle import Bundle, Note, Wish
from quickstart.exports._hcl import Expression, block, value
from quickstart.exports._kong_versions import NEWEST, fitted
from quickstart.exports._source import CREDENTIALS, Source, uses, variable_of
from quickstart.messages import text as said

TITLE = "Terraform for Kong Konnect"
VERSION = ">= 3.14"
HEAD = (
    "# The AI gateway's configuration for Kong Konnect: terraform init, then terraform apply.\n"
    "# The token is read from KONNECT_TOKEN.\n\n"
)
_KINDS = {
    "services": "service", "routes": "route", "plugins": "plugin", "consumers": "consumer", "upstreams": "upstream",
    "targets": "target", "keyauth_credentials": "key_auth", "basicauth_credentials": "basic_auth",
    "jwt_secrets": "jwt", "hmacauth_credentials": "hmac_auth", "acls": "acl", "vaults": "vault",
    "certificates": "certificate", "ca_certificates": "ca_certificate", "snis": "sni", "keys": "key",
    "key_sets": "key_set",
}  # fmt: skip
_PARENT_IDS = {"targets": "upstream_id", "acls": "consumer_id", **dict.fromkeys(CREDENTIALS, "consumer_id")}
"""Where a resource names the row that it hangs on by its id alone."""
_NAMED = ("services", "routes", "consumers", "upstreams", "certificates", "key_sets")
_PLANE = Expression("konnect_gateway_control_plane.ai_gateway.id")


def export(source: Source, wish: Wish) -> Bundle:
    document, notes = fitted(source.document, wish.target or NEWEST)
    writing = _Writing(document)
    for kind in dict.fromkeys(("plugins", "services", "upstreams", "consumers", *_KINDS)):
        for row in document.get(kind, ()):
            writing.row(kind, row, "", "", "")
    if writing.variables:
        names = ", ".join(f"TF_VAR_{name}" for name in writing.variables)
        notes.append(Note(said("exports.terraform_keys", names=names)))
    if writing.lost:
        notes.append(Note(said("exports.terraform_kinds", names=", ".join(dict.fromkeys(writing.lost)))))
    if needed := list(uses(document)):
        needed = [name for name in needed if name.lower() not in writing.variables]
        notes.append(Note(said("exports.kong_environment", names=", ".join(needed))))
    if here := local_addresses(document):
        notes.append(
            Note(messages.text("exports.not_here", servers=", ".join(here)), messages.text("exports.not_here_hint"))
        )
    blocks = [_setting(), *writing.variable_blocks(), *writing.blocks]
    return Bundle(HEAD + "".join(blocks).rstrip("\n") + "\n", notes=tuple(notes))


def _setting() -> str:
    konnect = '  required_providers {\n    konnect = {\n      source = "kong/konnect"\n' + (
        f'      version = "{VERSION}"\n    }}\n  }}\n'
    )
    region = {"description": "us, eu, au, me, in or sg", "type": Expression("string"), "default": "us"}
    url = {"server_url": Expression('"https://${var.konnect_region}.api.konghq.com"')}
    plane = {
        "name": "ai-gateway",
        "cluster_type": "CLUSTER_TYPE_CONTROL_PLANE",
        "auth_type": "pinned_client_certs",
    }
    return (
        block("terraform", body=konnect)
        + block("variable", "konnect_region", body=region)
        + block("provider", "konnect", body=url)
        + block("resource", "konnect_gateway_control_plane", "ai_gateway", body=plane)
    )


class _Writing:
    def __init__(self, document: dict[str, Any]) -> None:
        self.blocks: list[str] = []
        self.variables: dict[str, str] = {}  # name of a variable -> what it is for
        self.lost = [kind for kind in document if kind in KINDS and kind not in _KINDS]
        self._taken: set[tuple[str, str]] = set()
        self._addresses: dict[tuple[str, str], str] = {}  # ("service", "openai-api") -> what others call it
        for kind, rows in document.items():
            if kind in _KINDS:
                self._name_all(kind, rows)

    def _name_all(self, kind: str, rows: list[dict[str, Any]]) -> None:
        """Rows that have a name get theirs first: others refer to them, wherever they stand."""
        for row in rows:
            word = next((row[n] for n in ("name", "username", "custom_id", "id") if row.get(n)), "")
            if word and kind in _NAMED:
                self._addresses[_KINDS[kind], str(word)] = self._name(f"konnect_gateway_{_KINDS[kind]}", _word(word))
            for child, below in row.items():
                if _nested(child, below):
                    self._name_all(child, below)

    def variable_blocks(self) -> list[str]:
        return [
            block("variable", name, body={"description": why, "type": Expression("string"), "sensitive": True})
            for name, why in self.variables.items()
        ]

    def row(self, kind: str, row: dict[str, Any], parent: str, parent_kind: str, prefix: str) -> None:
        """One resource and those nested in it. `parent`: address of the resource around it."""
        resource = f"konnect_gateway_{_KINDS[kind]}"
        if kind == "plugins":
            resource += "_" + _word(row["name"])
        word = next((row[n] for n in ("name", "username", "custom_id", "id") if row.get(n)), "")
        name = self._addresses[_KINDS[kind], str(word)] if word and kind in _NAMED else ""
        name = name or self._name(resource, _label(kind, row, prefix))
        lost = [n for n in row if n in KINDS and n not in _KINDS]
        self.lost += lost
        own = {n: self._value(kind, n, v, name) for n, v in row.items() if not _nested(n, v) and n not in lost}
        own.pop("id", None)
        if kind == "plugins":
            own.pop("name")
        if kind == "vaults" and "config" in own:
            own["config"] = Expression(f"jsonencode({{{_flat(own['config'])}}})")
        for field in ("service", "route", "consumer", "upstream", "set", "certificate"):
            if isinstance(own.get(field), str):
                told = {"set": "key_set"}.get(field, field)
                known = self._addresses.get((told, own[field]), _word(own[field]))
                own[field] = {"id": Expression(f"konnect_gateway_{told}.{known}.id")}
        if parent:
            if kind in _PARENT_IDS:
                own[_PARENT_IDS[kind]] = Expression(f"{parent}.id")
            else:
                own[parent_kind] = {"id": Expression(f"{parent}.id")}
        self.blocks.append(block("resource", resource, name, body={**own, "control_plane_id": _PLANE}))
        for child, below in row.items():
            if _nested(child, below):
                for one in below:
                    self.row(child, one, f"{resource}.{name}", _KINDS[kind], name)

    def _name(self, resource: str, wanted: str) -> str:
        name, number = wanted, 2
        while (resource, name) in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add((resource, name))
        return name

    def _value(self, kind: str, field: str, value: Any, name: str) -> Any:
        """A key that Konnect takes in clear only comes from a variable that is never shown."""
        if CREDENTIALS.get(kind) == field and (variable := variable_of(value)):
            self.variables[variable.lower()] = said("exports.terraform_key", name=name)
            return Expression(f"var.{variable.lower()}")
        return value


def _nested(name: str, value: Any) -> bool:
    return name in _KINDS and isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _label(kind: str, row: dict[str, Any], prefix: str) -> str:
    own = {
        "plugins": row.get("instance_name") or row.get("name"),
        "targets": f"target_{row.get('target')}",
        "acls": f"acl_{row.get('group')}",
        **{name: _KINDS.get(name, name) for name in CREDENTIALS},
    }.get(kind) or next((row[n] for n in ("name", "username", "custom_id", "prefix", "id") if row.get(n)), kind)
    return _word(f"{prefix}_{own}" if prefix else str(own))


def _word(name: str) -> str:
    """A name as Terraform takes it."""
    made = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower() or "one"
    return made if made[0].isalpha() else f"r_{made}"


def _flat(config: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {value(item)}" for name, item in config.items())
