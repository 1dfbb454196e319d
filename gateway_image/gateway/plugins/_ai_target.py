"""Where one model's calls go and what their heads say: compiled from a provider's facts and a plugin's `auth` once, so
that a request only picks bytes. Not for: reading requests or answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from gateway.chat import Usage
from gateway.codec import decode, encode, opened, splice
from gateway.headers import REQUEST_DROPPED, NameTable
from gateway.outbound import Target, host_value
from gateway.providers._base import PRESERVE, Call, Provider, ProviderError
from gateway.values import Origin

Options = dict[str, Any]
CREDENTIALS = frozenset((b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"))
"""A client's credential for the gateway is never sent to a provider when the gateway has its own."""
_PRICES = ("input_cost", "output_cost", "cache_read_cost")
_JSON_LINE = b"Content-Type: application/json\r\n"


class Aim:
    """One call's URL, constant headers and ways to write its body."""

    def __init__(self, provider: Provider, call: Call, auth: Mapping[str, Any]) -> None:
        self.provider = provider
        self.call = call
        self.auth = auth
        self.passes = provider.passes(call)
        self._priced = any(call.options.get(name) for name in _PRICES)
        self.model_line = f"X-Kong-LLM-Model: {provider.name}/{one_line(call.model)}\r\n".encode("latin-1", "replace")
        self.summary = b'"provider":%b,"model":%b' % (encode(provider.name), encode(call.model))
        self.url = provider.url(call)
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ProviderError(f"upstream URL is not an http or https URL: {self.url}")
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise ProviderError(f"upstream URL has a character that must be escaped: {self.url!r}")
        self.origin = Origin(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        query = parts.query
        if auth.get("param_location") == "query":
            query += ("&" if query else "") + f"{quote(auth['param_name'])}={quote(auth['param_value'])}"
        self.query = query.encode("latin-1")
        self.path = (parts.path or "/").encode("latin-1")
        self.body_member: dict[str, str] = (
            {auth["param_name"]: auth["param_value"]} if auth.get("param_location") == "body" else {}
        )
        header = auth.get("header_name") or ""
        if header and not auth["header_value"].isprintable():
            raise ProviderError("auth.header_value has a line break or another control character: correct the secret")
        self.header = header.lower().encode("latin-1")
        self.constant = {name.lower(): value for name, value in provider.headers(call)}
        self.signs = self._signed_headers(b"{}", 0.0) is not None
        credential = f"{header}: {auth['header_value']}\r\n".encode("latin-1") if header else b""
        self._extra = b"".join(
            f"{name}: {value}\r\n".encode("latin-1")
            for name, value in provider.headers(call)
            if name.lower() != "content-type"
        )
        dropped = REQUEST_DROPPED | {name.encode("latin-1") for name in self.constant}
        dropped |= {b"accept-encoding"}
        self.speaks_json = call.route_type != PRESERVE
        if self.speaks_json:
            dropped |= {b"content-type"}
        self._names_open = NameTable(dropped)
        self._names = NameTable(dropped | {self.header} | CREDENTIALS) if header or self.query else self._names_open
        self.target = self._make(credential, self._names)
        self.without_credential = self._make(b"", self._names_open)
        self.target.leads = {}
        self._open: dict[tuple[bool, frozenset[bytes]], NameTable] = {}
        self._additions: dict[tuple[bool, bool, bool], tuple[dict[str, Any], bytes]] = {}

    def _make(self, credential: bytes, names: NameTable, encoding: bytes = b"identity") -> Target:
        block = self._extra + credential + b"Accept-Encoding: " + encoding + b"\r\n"
        if self.speaks_json:
            block += _JSON_LINE
        path = self.path + b"?" + self.query if self.query else self.path
        return Target(self.origin, path, host_value(self.origin), block=block, names=names)

    # -- heads --------------------------------------------------------------------------------------------------

    def client_credential(self, fields: Mapping[bytes, bytes]) -> bool:
        """Whether the client sent the header that the configured credential would replace."""
        return bool(self.header) and self.header in fields

    def variant(self, target: Target, query: bytes, zipped: bool) -> Target:
        """`target` with the client's query added, or asking for a compressed answer."""
        path = target.path
        if query:
            path += (b"&" if b"?" in path else b"?") + query
        block = target.block.replace(b": identity\r\n", b": gzip, identity\r\n") if zipped else target.block
        return Target(target.origin, path, target.host, block=block, names=target.names)

    def keeping(self, target: Target, fields: Mapping[bytes, bytes]) -> Target:
        """`target` with the client's own lines in place of the provider's constant ones, where it sent them: which
        version of an API it speaks."""
        own = frozenset(name.encode() for name in self.constant if name != "content-type" and name.encode() in fields)
        if not own:
            return target
        kept = (line for line in target.block.split(b"\r\n") if line.partition(b":")[0].lower() not in own)
        key = (target.names is self._names, own)
        names = self._open.get(key)
        if names is None:
            names = self._open[key] = NameTable(target.names.dropped - own)
        return Target(target.origin, target.path, target.host, block=b"\r\n".join(kept), names=names)

    def preserved(self, target: Target, requested: bytes) -> Target:
        """The client's own path at the target's origin."""
        return Target(target.origin, requested, target.host, block=target.block, names=target.names)

    def _signed_headers(self, body: bytes, now: float) -> tuple[tuple[str, str], ...] | None:
        return self.provider.authorize("POST", self.url, self.constant, body, _plain(self.auth), now)

    def signed(self, body: bytes, now: float) -> Target:
        """A target whose credential covers this very body."""
        headers = self._signed_headers(body, now) or ()
        credential = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
        return self._make(credential, NameTable(self._names_open.dropped | CREDENTIALS))

    # -- money --------------------------------------------------------------------------------------------------

    def cost(self, usage: Usage) -> float:
        """USD by the model's configured prices (per 1,000,000 tokens); 0 without prices. Cached tokens cost their own
        price where one is configured."""
        if not self._priced:
            return 0.0
        prices = self.call.options
        reading = prices.get("cache_read_cost")
        cached = usage.cached_tokens if reading is not None else 0
        total = (usage.prompt_tokens - cached) * prices.get("input_cost", 0)
        total += cached * (reading or 0) + usage.completion_tokens * prices.get("output_cost", 0)
        return float(total) / 1_000_000

    # -- bodies -------------------------------------------------------------------------------------------------

    def splice(self, body: bytes, document: dict[str, Any], stream: bool, counting: bool) -> bytes | None:
        """The client's own bytes with model (and stream options) put in; None where that is not safe."""
        asked = document.get("model")
        adds_model = "model" not in document
        if not adds_model and (asked != self.call.model or body.count(b'"model"') != 1):
            return None
        adds_stream = stream and "stream" not in document
        if stream and not adds_stream and document["stream"] is not True:
            return None
        if counting and "stream_options" in document:
            return None
        if not (adds_model or adds_stream or counting):
            return body
        additions = self._additions.get((adds_model, adds_stream, counting))
        if additions is None:
            additions = self._additions[adds_model, adds_stream, counting] = self._members(
                adds_model, adds_stream, counting
            )
        members, prefix = additions
        return opened(prefix, body) if body[:1] == b"{" else splice(body, document, members)

    def _members(self, model: bool, stream: bool, counting: bool) -> tuple[dict[str, Any], bytes]:
        """What splice() adds, as members and as the bytes that begin the new object."""
        members: dict[str, Any] = {}
        if model:
            members["model"] = self.call.model
        if stream:
            members["stream"] = True
        if counting:
            members["stream_options"] = {"include_usage": True}
        return members, encode(members)[:-1] + b","

    def with_credential(self, body: bytes) -> bytes:
        """Adds the credential that goes into the body, where it is configured so."""
        return encode({**decode(body), **self.body_member}) if self.body_member else body


def one_line(text: str) -> str:
    """A client's own model name as a header value: nothing in it may end the line."""
    return "".join(character for character in text if character.isprintable())


def _plain(auth: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in auth.items() if isinstance(value, str)}
