"""cors: tells browsers which other sites may call. A preflight is answered here; answers get the headers on their way.

Source: the Fetch standard, Kong's documentation and the observable behaviour of Kong 3.9.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.headers import line_error
from gateway.patterns import PatternError, compile_pattern
from gateway.plugins._base import Plugin, Setting
from gateway.schema import Array, Boolean, Number, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:/-")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def origin_error(origin: str) -> str | None:
    """`*`, an origin, a host, or a regular expression over origins."""
    if origin != "*":
        try:
            compile_pattern(origin)
        except PatternError:
            return f"'{origin}' is not a valid regex"
    return None


class _Rule:
    """One configured origin."""

    __slots__ = ("_host_only", "_pattern", "text")

    def __init__(self, text: str) -> None:
        self._host_only = ":" not in text
        if _PLAIN.issuperset(text):
            self.text = text if self._host_only else _normal(text)
            self._pattern = None
        else:
            self.text = text
            self._pattern = compile_pattern(f"^(?:{text})$")

    def fits(self, normal: str, host: str) -> bool:
        seen = host if self._host_only else normal
        if seen == self.text:  # an IPv6 origin has brackets and looks like a pattern
            return True
        return self._pattern is not None and self._pattern.search(seen.encode("utf-8", "replace")) is not None


class Cors(Plugin):
    name = "cors"
    priority = 2000
    no_consumer = True
    fields = Record(
        "Lets web pages of other sites call.",
        required=True,
        fields={
            "origins": Array(
                "Origins that may call: plain ones, regular expressions, or * for all; all when not given.",
                elements=String("An origin.", check=origin_error),
            ),
            "headers": Array(
                "Request headers that may be sent; those asked for when not given.",
                elements=String("A header.", check=line_error),
            ),
            "exposed_headers": Array(
                "Response headers that the page may read.", elements=String("A header.", check=line_error)
            ),
            "methods": Array(
                "Methods that may be used.",
                elements=String("A method.", one_of=METHODS),
                default=list(METHODS),
            ),
            "max_age": Number("How many seconds a browser may remember the answer."),
            "credentials": Boolean("Whether cookies and credentials may be sent.", default=False, required=True),
            "private_network": Boolean(
                "Whether a public page may call into a private network.", default=False, required=True
            ),
            "preflight_continue": Boolean(
                "Whether the upstream answers preflights instead.", default=False, required=True
            ),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        origins: list[str] = config["origins"] or ["*"]
        self.anyone = origins == ["*"]
        self.single = origins[0] if len(origins) == 1 and origins[0] != "*" and _PLAIN.issuperset(origins[0]) else None
        self.open = "*" in origins
        self.rules = [_Rule(origin) for origin in origins if origin != "*"]
        self.credentials: bool = config["credentials"]
        self.private: bool = config["private_network"]
        self.continues: bool = config["preflight_continue"]
        self.methods = ",".join(config["methods"] or METHODS).encode("latin-1")
        self.headers = ",".join(config["headers"] or ()).encode("latin-1")
        self.exposed = ",".join(config["exposed_headers"] or ()).encode("latin-1")
        age = config["max_age"]
        self.max_age = b"" if age is None else f"{int(age) if float(age).is_integer() else age}".encode("latin-1")

    def access(self, exchange: Exchange) -> Reply | None:
        fields = exchange.request.fields
        if exchange.request.method != b"OPTIONS":
            return None
        if not fields.get(b"origin") or not fields.get(b"access-control-request-method") or self.continues:
            return None
        exchange.notes["cors_preflight"] = True
        lines: list[tuple[bytes, bytes]] = []
        self._origin_lines(exchange, lines)
        allowed = self.headers or fields.get(b"access-control-request-headers", b"")
        if allowed:
            lines.append((b"Access-Control-Allow-Headers", allowed))
        lines.append((b"Access-Control-Allow-Methods", self.methods))
        if self.max_age:
            lines.append((b"Access-Control-Max-Age", self.max_age))
        if self.private and fields.get(b"access-control-request-private-network") == b"true":
            lines.append((b"Access-Control-Allow-Private-Network", b"true"))
        return Reply(200, b"".join(name + b": " + value + b"\r\n" for name, value in lines))

    def header_filter(self, exchange: Exchange) -> None:
        if "cors_preflight" in exchange.notes:
            return
        lines: list[tuple[bytes, bytes]] = []
        if not self._origin_lines(exchange, lines):
            exchange.clear_response_header(b"Access-Control-Allow-Origin")
        if self.exposed:
            lines.append((b"Access-Control-Expose-Headers", self.exposed))
        for name, value in lines:
            if name == b"Vary":
                exchange.add_response_header(name, value)
            else:
                exchange.set_response_header(name, value)

    def _origin_lines(self, exchange: Exchange, lines: list[tuple[bytes, bytes]]) -> bool:
        """Adds the lines that name who may call; False when this caller may not."""
        origin = exchange.request.fields.get(b"origin")
        allowed: bytes | None = None
        varies = True
        if self.anyone:
            if self.credentials and origin:
                allowed = origin
            else:
                allowed, varies = b"*", False
        elif self.single is not None:
            allowed = self.single.encode("latin-1")
        elif origin:
            text = origin.decode("latin-1")
            normal = _normal(text)
            if self.open or any(rule.fits(normal, _host(normal)) for rule in self.rules):
                allowed = origin
        if varies:
            lines.append((b"Vary", b"Origin"))
        if allowed is None:
            return False
        lines.append((b"Access-Control-Allow-Origin", allowed))
        if self.credentials and allowed != b"*":
            lines.append((b"Access-Control-Allow-Credentials", b"true"))
        return True


def _normal(origin: str) -> str:
    """Scheme and host in lower case, without the scheme's own port."""
    scheme, mark, host = origin.lower().partition("://")
    if not mark:
        return origin.lower()
    name, colon, port = host.rpartition(":")
    if colon and port == _DEFAULT_PORTS.get(scheme):
        host = name
    return scheme + mark + host


def _host(normal: str) -> str:
    """The host of an origin, without scheme and port."""
    host = normal.rpartition("://")[2]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


PLUGIN = Cors
