"""The Admin API calls that decK makes for ping, dump, sync, validate and reset, made in its order. It fills defaults
from /schemas as decK does, so a second sync finds nothing to do only where schemas and answers agree.

Not decK itself: reading its file format and its command line are not here.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from support.gateway_process import Got, ask

Row = dict[str, Any]
State = dict[str, dict[str, Row]]

LEVELS = (
    ("services", "certificates", "ca_certificates", "consumers", "vaults", "key_sets"),
    ("snis", "upstreams", "keys", "keyauth_credentials", "acls"),
    ("routes", "targets"),
    ("plugins",),
)
"""Every kind stands after those that it refers to."""
_LISTS = {
    **{kind: kind for level in LEVELS for kind in level if kind != "targets"},
    **{"keyauth_credentials": "key-auths", "key_sets": "key-sets"},
}
_NEVER_HERE = (
    "basic-auths",
    "jwts",
    "hmac-auths",
    "oauth2",
    "filter-chains",
    "consumer_groups",
    "partials",
    "licenses",
)
_BELOW = {
    "keyauth_credentials": ("consumers", "consumer", "key-auth"),
    "acls": ("consumers", "consumer", "acls"),
    "targets": ("upstreams", "upstream", "targets"),
}
_TIMES = ("created_at", "updated_at", "cert_digest", "ttl", "snis")
_PAGE = 50  # small, so that lists have several pages


class Refused(Exception):
    def __init__(self, what: str, answer: Got) -> None:
        super().__init__(f"{what}: {answer.status} {answer.body.decode()}")


@dataclass
class Summary:
    created: int = 0
    updated: int = 0
    deleted: int = 0


class DeckCalls:
    def __init__(self, port: int) -> None:
        self._port = port
        self._schemas: dict[str, Row] = {}

    def ping(self) -> str:
        version = self._call("GET", "/").json["version"]
        assert re.match(r"\d+\.\d+", version), version
        return str(version)

    def dump(self, *tags: str) -> State:
        state: State = {}
        for kind, path in _LISTS.items():
            state[kind] = {row["id"]: row for row in self._list(f"/{path}", tags)}
        for path in _NEVER_HERE:
            answer = ask(self._port, "GET", f"/{path}?size=1000")
            assert answer.status in (404, 400) or answer.json["data"] == [], path
        state["targets"] = {
            row["id"]: row for id in state["upstreams"] for row in self._list(f"/upstreams/{id}/targets", ())
        }
        return state

    def sync(self, wanted: State, *tags: str) -> Summary:
        """`wanted`: rows with ids and foreign keys by id. What has the tags, or everything, becomes that."""
        now = self.dump(*tags)
        done = Summary()
        for level in LEVELS:
            for kind in level:
                for id, given in wanted.get(kind, {}).items():
                    row = {**given, "tags": sorted({*(given.get("tags") or ()), *tags})} if tags else given
                    full = self._filled(kind, row)
                    old = now[kind].get(id)
                    if old is not None and _plain(self._known(kind, old)) == _plain(self._known(kind, full)):
                        continue
                    self._call("PUT", self._path(kind, full), full)
                    done.updated += old is not None
                    done.created += old is None
        for level in reversed(LEVELS):
            for kind in level:
                for id in now[kind].keys() - wanted.get(kind, {}).keys():
                    self._call("DELETE", self._path(kind, now[kind][id]))
                    done.deleted += 1
        return done

    def validate(self, wanted: State) -> list[str]:
        """What is wrong, a message for each row."""
        wrong = []
        for kind, rows in wanted.items():
            for row in rows.values():
                answer = ask(self._port, "POST", f"/schemas/{kind}/validate", row)
                if answer.status != 200:
                    wrong.append(str(answer.json["message"]))
        return wrong

    def _list(self, path: str, tags: tuple[str, ...]) -> list[Row]:
        rows: list[Row] = []
        chosen = f"&tags={quote(','.join(tags))}" if tags else ""
        more = ""
        while True:
            page = self._call("GET", f"{path}?size={_PAGE}{chosen}{more}").json
            rows += page["data"]
            if "offset" not in page:
                return rows
            more = f"&offset={quote(page['offset'])}"

    def _path(self, kind: str, row: Row) -> str:
        if kind in _BELOW:
            parent, field, inner = _BELOW[kind]
            return f"/{parent}/{row[field]['id']}/{inner}/{row['id']}"
        return f"/{_LISTS[kind]}/{row['id']}"

    def _call(self, method: str, path: str, body: Any = None) -> Got:
        answer = ask(self._port, method, path, body)
        if answer.status == 404 and method == "PUT" and "/targets/" in path:
            answer = ask(self._port, "POST", path.rpartition("/")[0], body)  # decK's own second try
        if answer.status >= 300:
            raise Refused(f"{method} {path}", answer)
        return answer

    # -- defaults ----------------------------------------------------------------------------------------------------

    def _schema(self, kind: str, row: Row) -> Row:
        name = f"plugins/{row['name']}" if kind == "plugins" else kind
        if name not in self._schemas:
            answer = ask(self._port, "GET", f"/schemas/{name}")
            if answer.status != 200:
                return {"fields": []}  # what writing it says is what people are to see
            self._schemas[name] = answer.json
        return self._schemas[name]

    def _filled(self, kind: str, row: Row) -> Row:
        filled = _with_defaults(self._schema(kind, row), row)
        return {"enabled": True, **filled} if kind == "plugins" else filled

    def _known(self, kind: str, row: Row) -> Row:
        """Without the old names of a plugin's fields, which answers repeat."""
        if kind != "plugins":
            return row
        if not self._schema(kind, row)["fields"]:
            return row
        (config,) = (field["config"] for field in self._schema(kind, row)["fields"] if "config" in field)
        return {**row, "config": _known_only(config, row["config"])}


def _with_defaults(schema: Row, row: Any) -> Row:
    out = dict(row)
    for field in schema["fields"]:
        ((name, inner),) = field.items()
        if inner["type"] == "record" and (
            isinstance(out.get(name), dict) or (inner.get("required") and name not in out)
        ):
            out[name] = _with_defaults(inner, out.get(name) or {})
        elif isinstance(out.get(name), list) and inner.get("elements", {}).get("type") == "record":
            out[name] = [_with_defaults(inner["elements"], item) for item in out[name]]
        elif name not in out and inner.get("default") is not None:
            out[name] = inner["default"]
    return out


def _known_only(schema: Row, config: Any) -> Any:
    if schema.get("type") != "record" or not isinstance(config, dict):
        return config
    fields = {name: inner for field in schema["fields"] for name, inner in field.items()}
    return {name: _known_only(fields[name], value) for name, value in config.items() if name in fields}


def _plain(value: Any) -> Any:
    """Without what is null or differs by nature; sets in any order."""
    if isinstance(value, dict):
        kept = {name: _plain(inner) for name, inner in value.items() if inner is not None and name not in _TIMES}
        return {name: inner for name, inner in kept.items() if inner not in ({}, [])}
    if isinstance(value, list):
        return sorted(map(_plain, value), key=repr)
    return value


def id_of(*words: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, "/".join(words)))
