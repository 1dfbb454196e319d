"""key-auth: who calls is known by a key in a header, the query or the body.

Source: Kong's documentation and the observable behaviour of Kong 3.9.1. A client's own X-Consumer-* headers never pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.headers import line_error, one_line
from gateway.plugins import _arguments, _multipart
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._repeat import HEAD_TOLD_ALL, Repeat
from gateway.schema import Array, Boolean, Record, String
from gateway.values import Headers, Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

NO_KEY = "No API key found in request"
DUPLICATE = "Duplicate API key found"
UNKNOWN = "Unauthorized"
_FORM = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/form-data"
_JSON = b"application/json"
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


class DuplicateKey(Exception):
    """More than one key under one name: which one counts would be a guess."""


def header_name_error(name: str) -> str | None:
    """A name that may be a header, a query argument and a form field alike."""
    if _LETTERS.issuperset(name):
        return None
    return f"bad header name '{name}', allowed characters are A-Z, a-z, 0-9, '_', and '-'"


class KeyAuth(Plugin):
    name = "key-auth"
    priority = 1250
    authenticates = True
    no_consumer = True
    fields = Record(
        "Lets in only those who send a known key.",
        required=True,
        fields={
            "key_names": Array(
                "Under which names the key is looked for, in order.",
                elements=String("A name.", check=header_name_error),
                default=["apikey"],
                required=True,
            ),
            "hide_credentials": Boolean(
                "Whether the key is taken out of what goes upstream.", default=False, required=True
            ),
            "anonymous": String("The id or username of the consumer that callers without a valid key are taken for."),
            "key_in_header": Boolean("Whether the key may be in a header.", default=True, required=True),
            "key_in_query": Boolean("Whether the key may be in the query.", default=True, required=True),
            "key_in_body": Boolean(
                "Whether the key may be in the body: a form, multipart or JSON.", default=False, required=True
            ),
            "run_on_preflight": Boolean("Whether OPTIONS requests need a key too.", default=True, required=True),
            "realm": String("The realm named in WWW-Authenticate.", check=line_error, required=False),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.names: list[tuple[str, bytes]] = [(name, name.lower().encode("latin-1")) for name in config["key_names"]]
        self.secret_names = frozenset(name.lower() for name in config["key_names"])
        self.in_header: bool = config["key_in_header"]
        self.in_query: bool = config["key_in_query"]
        self.in_body: bool = config["key_in_body"]
        self.hides: bool = config["hide_credentials"]
        self.preflight: bool = config["run_on_preflight"]
        self.anonymous: str | None = config["anonymous"]
        realm = config["realm"]
        challenge = "Key" if not realm else 'Key realm="' + realm.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self._challenge = challenge.encode("utf-8")

    def access(self, exchange: Exchange) -> Reply | None:
        if not self.preflight and exchange.request.method == b"OPTIONS":
            return None
        if self.anonymous is not None and exchange.credential is not None:
            return None  # another authentication plugin was here first
        if not self.names:
            return exchange.core_error(500, "Invalid plugin configuration")
        try:
            key = self._key(exchange)
        except DuplicateKey:
            return self._refused(exchange, DUPLICATE)
        if not key:
            return self._refused(exchange, NO_KEY)
        known = exchange.snapshot.derived.get(self.name)
        if known is None:
            known = exchange.snapshot.derived[self.name] = {}
        identity = known.get(key)
        if identity is None:
            credential = exchange.snapshot.index("keyauth_credentials", "key").get(key)
            if credential is None:
                return self._refused(exchange, UNKNOWN)
            consumer = exchange.snapshot.config.collections["consumers"][credential["consumer"]["id"]]
            identity = known[key] = _Identity(consumer, credential)
        if identity.ends is not None and identity.ends <= exchange.runtime.wall():
            return self._refused(exchange, UNKNOWN)
        identity.assume(exchange)
        return None

    def repeat(self, exchange: Exchange) -> Repeat | None:
        if self.in_body or exchange.credential is None or exchange.credential.get("ttl") is not None:
            return None
        return HEAD_TOLD_ALL

    # -- finding the key ----------------------------------------------------------------------------------------

    def _key(self, exchange: Exchange) -> str | None:
        """The key under the first name that has one. Raises DuplicateKey."""
        request = exchange.request
        arguments = _arguments.parsed(exchange.query()) if self.in_query and b"?" in request.target else ()
        for name, lower in self.names:
            key: str | None = None
            if self.in_header and lower in request.fields:
                if _repeated(request.headers, lower):
                    raise DuplicateKey
                key = request.fields[lower].decode("utf-8", "surrogateescape")
            if key is None and arguments:
                key = _only([each.value for each in arguments if each.name == name and each.value is not None])
            if key is None and self.in_body:
                key = _only(_in_body(exchange, name))
            if key is not None:
                if self.hides:
                    self._hide(exchange, name, lower)
                return key
        return None

    def _hide(self, exchange: Exchange, name: str, lower: bytes) -> None:
        if lower in exchange.request.fields:
            exchange.clear_request_header(lower)
        query = exchange.query()
        if query:
            kept = _arguments.without(query, name.__eq__)
            if kept != query:
                exchange.rewriting().query = kept
        if self.in_body:
            _hide_in_body(exchange, name)

    # -- what follows -------------------------------------------------------------------------------------------

    def _refused(self, exchange: Exchange, message: str) -> Reply | None:
        if self.anonymous is not None:
            consumers = exchange.snapshot.config.collections["consumers"]
            consumer = consumers.get(self.anonymous) or exchange.snapshot.index("consumers", "username").get(
                self.anonymous
            )
            if consumer is None:
                return exchange.core_error(500, f"anonymous consumer {self.anonymous} is configured but doesn't exist")
            _Identity(consumer, None).assume(exchange)
            return None
        reply = exchange.core_error(401, message)
        return Reply(401, reply.block + b"WWW-Authenticate: " + self._challenge + b"\r\n", reply.body)


def _repeated(headers: Headers, lower: bytes) -> bool:
    """Whether a header has more than one line."""
    seen = False
    length = len(lower)
    for name, _ in headers:
        if len(name) == length and name.lower() == lower:
            if seen:
                return True
            seen = True
    return False


def _only(values: list[str]) -> str | None:
    if len(values) > 1:
        raise DuplicateKey
    return values[0] if values else None


def _in_body(exchange: Exchange, name: str) -> list[str]:
    kind = (exchange.request.fields.get(b"content-type") or b"").lower()
    if kind.startswith(_FORM):
        return [each.value for each in _arguments.parsed(exchange.body) if each.name == name and each.value is not None]
    if kind.startswith(_MULTIPART):
        form = _multipart.parsed(exchange.body, exchange.request.fields[b"content-type"])
        return form.get(name) if form is not None else []
    document = exchange.document() if kind.startswith(_JSON) else None
    value = document.get(name) if isinstance(document, dict) else None
    return [value] if isinstance(value, str) else []


def _hide_in_body(exchange: Exchange, name: str) -> None:
    kind = (exchange.request.fields.get(b"content-type") or b"").lower()
    if kind.startswith(_FORM):
        exchange.body = _arguments.without(exchange.body, name.__eq__)
    elif kind.startswith(_MULTIPART):
        form = _multipart.parsed(exchange.body, exchange.request.fields[b"content-type"])
        if form is not None and form.get(name):
            form.remove(name)
            exchange.body = form.encoded()
    elif kind.startswith(_JSON):
        document = exchange.document()
        if isinstance(document, dict) and name in document:
            exchange.replace({key: value for key, value in document.items() if key != name})


class _Identity:
    """Who a caller is, for the plugins after this one, and what the upstream is told; the same for every request."""

    __slots__ = ("_consumer", "_credential", "_told", "ends")

    def __init__(self, consumer: Mapping[str, Any], credential: Mapping[str, Any] | None) -> None:
        self._consumer = consumer
        self._credential = credential
        self.ends: float | None = credential.get("ttl") if credential is not None else None  # seconds since 1970
        told = (
            (b"X-Consumer-ID", consumer["id"]),
            (b"X-Consumer-Custom-ID", consumer.get("custom_id")),
            (b"X-Consumer-Username", consumer.get("username")),
            (b"X-Credential-Identifier", credential["id"] if credential is not None else None),
            (b"X-Anonymous-Consumer", "true" if credential is None else None),
        )
        # a client's own claims are removed, also where there is nothing to put in their place
        self._told = {
            name.lower(): b"" if value is None else name + b": " + one_line(str(value).encode("utf-8")) + b"\r\n"
            for name, value in told
        }

    def assume(self, exchange: Exchange) -> None:
        exchange.consumer = self._consumer
        exchange.credential = self._credential
        exchange.request_changes.update(self._told)


PLUGIN = KeyAuth
