"""Admin API requests made from the API's own schemas: mostly what somebody could mean, often with a mistake in it.

The same seed gives the same requests, as long as the answers are the same: later requests use rows of earlier answers.
"""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from gateway.admin.resources import COLLECTIONS, nested
from gateway.entities import KINDS, plugin_schema
from gateway.plugins import registry
from gateway.schema import describe

Schema = dict[str, Any]
_ODD_TEXTS = (
    *("", " ", "a b", "\x00", "ü", "\ud800", "/", "//", "~/(", "~/a(?<n>b)", "*", "a.test", "127.0.0.1:80", "[::1]:1"),
    *(
        "http://h.test:1/p",
        "https://[::1",
        "{vault://env/x}",
        "{vault://",
        "null",
        "0",
        "-1",
        "x" * 300,
        "%zz",
        "a" * 9999,
    ),
    *("$(query_params.x)", "content-type:json", "^a*$", "((((", "2026-02-30", "00000000-0000-0000-0000-000000000000"),
)
_ODD_NUMBERS = (0, 1, -1, 0.5, 99, 443, 65535, 65536, 2**31, 2**53 + 1, 2**64, -(2**70), 1e308, 1e-300, -0.0)
_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"": ""},
    {"id": None},
    [{}],
    *_ODD_NUMBERS,
    *_ODD_TEXTS,
)
_TYPES = (
    *("application/json",) * 24,
    *("application/x-www-form-urlencoded",) * 3,
    *("multipart/form-data; boundary=b", "multipart/form-data", "text/plain", "application/yaml", "", "\xff"),
)
_QUERIES = ("size", "offset", "tags", "check_hash", "flatten_errors", "custom_id", "balancer_health", "unit", "\x00[]")
_FIXED = (
    *(
        "",
        "status",
        "config",
        "endpoints",
        "metrics",
        "tags",
        "tags/a",
        "plugins/enabled",
        "cache",
        "cache/x",
        "timers",
    ),
    *("schemas/routes", "schemas/plugins/ai-proxy", "schemas/vaults/env", "plugins/schema/acl", "debug/node/log-level"),
    *(
        "debug/node/log-level/info",
        "schemas/routes/validate",
        "schemas/plugins/validate",
        "clustering/status",
        "..",
        "/",
    ),
)


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.headers} {self.body[:600]!r}"


class Generator:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._schemas = {name: _fields(describe(kind.record)) for name, kind in KINDS.items()}
        self._plugins = {name: _fields(plugin_schema(plugin)) for name, plugin in registry().items()}
        self._rows: dict[str, list[Schema]] = {}
        self._written_kind = ""

    def learn(self, body: Any) -> None:
        """An answer, whose rows later requests name."""
        if isinstance(body, dict) and isinstance(body.get("id"), str):
            self._rows.setdefault(self._written_kind, []).append(body)

    def ask(self) -> Asked:
        path, kind = self._path()
        self._written_kind = kind
        method = self._method(path)
        query = self._query() if self._often(0.3) else ""
        headers = {}
        if self._often(0.01):
            headers["If-Match"] = self._pick(('"x"', "*", "", "W/"))
        if method in ("GET", "HEAD", "OPTIONS") and self._often(0.95):
            return Asked(method, path + query, headers, b"")
        content = self._pick(_TYPES)
        if content:
            headers["Content-Type"] = content
        if path == "/config":
            return Asked(method, path + query, headers, self._written(self._document(), content))
        value = self._row(kind) if kind else self._anything(2)
        return Asked(method, path + query, headers, self._written(value, content))

    def _method(self, path: str) -> str:
        if self._often(0.1):
            return str(self._pick(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW")))
        if path.count("/") % 2:
            return str(self._pick(("POST", "POST", "POST", "GET")))
        return str(self._pick(("PUT", "PUT", "PATCH", "PATCH", "GET", "GET", "DELETE")))

    # -- paths -------------------------------------------------------------------------------------------------------

    def _path(self) -> tuple[str, str]:
        """A path and the kind of rows that are written there."""
        if self._often(0.12):
            path = "/" + self._pick(_FIXED)
            return path, "plugins" if "plugins/validate" in path else "routes" if "validate" in path else ""
        segment = self._pick(tuple(COLLECTIONS))
        kind = COLLECTIONS[segment]
        if self._often(0.55):
            return f"/{segment}", kind.name
        path = f"/{segment}/{self._key(kind.name)}"
        if self._often(0.5):
            return path, kind.name
        below = nested(kind)
        inner = self._pick((*below, *kind.foreign, "health", "targets/all", "nosuch"))
        path += f"/{inner}"
        name = below[inner][0].name if inner in below else kind.foreign.get(inner, "")
        if self._often(0.4):
            path += f"/{self._key(name)}"
        if self._often(0.05):
            path += self._pick(("/healthy", "/unhealthy", "/a/healthy"))
        return path, name

    def _key(self, kind: str) -> str:
        rows = self._rows.get(kind)
        if rows and self._often(0.9):
            row = self._pick(rows)
            key = row["id"] if self._often(0.6) else row.get("name") or row.get("username") or row.get("target")
            return quote(str(key), safe="")
        if self._often(0.5):
            return self._uuid() if self._often(0.5) else self._word()
        return quote(self._pick(_ODD_TEXTS)[:400], safe="", errors="surrogatepass") or "x"

    def _query(self) -> str:
        values = ("1", "0", "1000", "-1", "1001", "a,b", "a/b", "WyJ4Il0", "bnVsbA", "", "\x00", "é", "eyJhIjogMX0=")
        pairs = [(self._pick(_QUERIES), self._pick(values)) for _ in range(self._random.randint(1, 3))]
        return "?" + (urlencode(pairs) if self._often(0.9) else "%zz=&&=%ff")

    # -- bodies ------------------------------------------------------------------------------------------------------

    def _document(self) -> Schema:
        kinds = self._random.sample(tuple(KINDS), 3)
        document: Schema = {name: [self._row(name) for _ in range(self._random.randint(0, 3))] for name in kinds}
        return {"_format_version": self._pick(("3.0", "3.0", "1.1", "9", 3)), **document}

    def _row(self, kind: str) -> Any:
        if self._often(0.03):
            return self._anything(3)
        schema = self._schemas[kind]
        row: Schema = {}
        if kind == "plugins":
            name = self._pick(tuple(self._plugins))
            schema = {**schema, **self._plugins[name]}
            row["name"] = name
        row |= self._record({name: field for name, field in schema.items() if name not in row}, 0.15)
        if not self._often(0.1):
            row.pop("id", None)
        if self._often(0.05):
            row[self._pick(_ODD_TEXTS)] = self._pick(_ODD)
        return row

    def _record(self, fields: Schema, share: float) -> Schema:
        """Required fields mostly, others seldom."""
        wanted = [name for name, field in fields.items() if self._often(0.9 if _needed(field) else share)]
        return {name: self._value(fields[name]) for name in wanted}

    def _value(self, field: Schema) -> Any:
        if self._often(0.03):
            return self._pick(_ODD)
        kind = field["type"]
        if "one_of" in field:
            return self._pick(tuple(field["one_of"]) or ("x",))
        if kind == "record":
            return self._record(_fields(field), 0.3)
        if kind in ("array", "set"):
            return [self._value(field["elements"]) for _ in range(self._random.randint(0, 3))]
        if kind == "map":
            return {
                str(self._value(field["keys"])): self._value(field["values"]) for _ in range(self._random.randint(0, 2))
            }
        if kind == "foreign":
            rows = self._rows.get(field["reference"])
            if rows is None:
                return None
            row = self._pick(rows)
            return {"id": row["id"]} if self._often(0.9) else {"name": row.get("name")}
        if kind == "boolean":
            return self._often(0.5)
        if kind in ("integer", "number"):
            low, high = field.get("between", (0, 100))
            return self._random.randint(int(low), int(min(high, 2**40)))
        return self._text(field)

    def _text(self, field: Schema) -> str:
        if "starts_with" in field:
            return str(field["starts_with"]) + self._word()
        if field.get("uuid"):
            return self._uuid()
        return self._pick(
            (self._word(), self._word(), f"{self._word()}.test", f"http://{self._word()}.test/x", "{vault://env/a}")
        )

    def _uuid(self) -> str:
        return f"{self._random.getrandbits(32):08x}-0000-4000-8000-{self._random.getrandbits(48):012x}"

    def _word(self) -> str:
        return "w" + str(self._random.randint(0, 400))

    def _anything(self, depth: int) -> Any:
        if depth and self._often(0.5):
            inner = [self._anything(depth - 1) for _ in range(self._random.randint(0, 3))]
            return inner if self._often(0.4) else {self._pick(_ODD_TEXTS): one for one in inner}
        return self._pick(_ODD)

    def _written(self, value: Any, content: str) -> bytes:
        if content.startswith("application/json"):
            text = json.dumps(value, ensure_ascii=self._often(0.5)).encode("utf-8", "surrogatepass")
            return self._spoiled(text)
        flat = [(name, text.encode("utf-8", "replace")) for name, text in _flat(value, "")]
        if content.startswith("multipart"):
            parts = [
                b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (n.encode("utf-8", "replace"), v)
                for n, v in flat
            ]
            return self._spoiled(b"".join(parts) + b"--b--\r\n")
        return self._spoiled(urlencode(flat, errors="replace").encode())

    def _spoiled(self, text: bytes) -> bytes:
        if not text or self._often(0.95):
            return text
        place = self._random.randrange(len(text))
        return (
            text[:place]
            + self._pick((b"", b"\xff", b"[" * 5000, b"NaN", b'"'))
            + text[place + self._random.randint(0, 3) :]
        )

    def _often(self, share: float) -> bool:
        return self._random.random() < share

    def _pick(self, choices: Any) -> Any:
        return choices[self._random.randrange(len(choices))]


def _fields(schema: Schema) -> Schema:
    return {name: inner for field in schema["fields"] for name, inner in field.items()}


def _needed(field: Schema) -> bool:
    return bool(field.get("required")) and "default" not in field and not field.get("auto")


def _flat(value: Any, name: str) -> list[tuple[str, str]]:
    """As a form writes it: config.model.name=x, tags[]=a."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _flat(inner, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list):
        return [pair for inner in value for pair in _flat(inner, name + "[]")]
    return [(name, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value))]
