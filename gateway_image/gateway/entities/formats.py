"""Formats of single values that several entities share: names, tags, hosts, ports, URLs. Each check takes a value and
returns Kong's text for what is wrong, or None. Not for: rules between fields.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z0-9._~\-\u0080-\U0010ffff]+")
_TAG = re.compile(r"[ -+\-.0-~\u0080-\U0010ffff]+")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?"
_HOSTNAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_IPV4_LIKE = re.compile(r"[0-9.]+")
_SERVICE_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/%\[\]#\u0080-\U0010ffff]*")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)


def name_error(value: str) -> str | None:
    if _NAME.fullmatch(value):
        return None
    return f"invalid value '{value}': the only accepted ascii characters are alphanumerics or ., -, _, and ~"


def tag_error(value: str) -> str | None:
    if _TAG.fullmatch(value):
        return None
    return f"invalid tag '{value}': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"


def service_path_error(value: str) -> str | None:
    """The path of a service and of a health check: only what a URL path may hold."""
    broken = _BROKEN_ESCAPE.search(value)
    if broken:
        return f"invalid url-encoded value: '{broken[0]}'"
    if not _SERVICE_PATH.fullmatch(value):
        return f"invalid path: '{value}' (characters outside of the reserved list of RFC 3986 found)"
    return None


class Address(NamedTuple):
    """A host as somebody wrote it."""

    host: str  # IPv6 without brackets
    port: int | None
    kind: str  # "ipv4" | "ipv6" | "name"


def read_address(text: str) -> Address | str:
    """`text` taken apart, or what is wrong with it. Takes name, name:port, 1.2.3.4:80, ::1, [::1], [::1]:80."""
    if text.startswith("[") or text.count(":") > 1:
        return _ipv6(text)
    host, colon, digits = text.partition(":")
    if colon and not (digits.isascii() and digits.isdigit()):
        return f"invalid hostname: {text}"
    port = int(digits) if colon else None
    if port is not None and port > 65535:
        return "invalid port number"
    if _IPV4_LIKE.fullmatch(host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return f"invalid ipv4 address: {text}"
        return Address(host, port, "ipv4")
    if not _HOSTNAME.fullmatch(host):
        return f"invalid hostname: {text}"
    return Address(host, port, "name")


def _ipv6(text: str) -> Address | str:
    host, port = text, None
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not re.fullmatch(r":[0-9]+", rest)):
            return f"invalid ipv6 address: {text}"
        if rest:
            port = int(rest[1:])
            if port > 65535:
                return "invalid port number"
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return f"invalid ipv6 address: {text}"
    return Address(host, port, "ipv6")


def host_error(value: str) -> str | None:
    """Where a service lives: a name or an address, no port."""
    address = read_address(value)
    if isinstance(address, str):
        return f"invalid value: {value}"
    return "must not have a port" if address.port is not None else None


def route_host_error(value: str) -> str | None:
    """What a route compares the Host header with; one wildcard label has been allowed before."""
    address = read_address(value.replace("*", "wildcard"))
    if not isinstance(address, str):
        return None
    return address if address == "invalid port number" else f"invalid hostname: {value}"


def sni_error(value: str) -> str | None:
    address = read_address(value.replace("*", "wildcard"))
    if isinstance(address, str):
        return f"invalid hostname: {value}"
    if address.kind != "name":
        return "must not be an IP"
    return "must not have a port" if address.port is not None else None


class Url(NamedTuple):
    """The parts of a URL that a service takes over; None where the URL does not say."""

    protocol: str | None
    host: str | None
    port: int | None
    path: str | None


def read_url(url: str) -> Url:
    """`url` taken apart as Kong's shorthand does: fragment, query, `;parameters` and user information are dropped."""
    rest = url.partition("#")[0]
    scheme = re.match(r"([A-Za-z0-9][A-Za-z0-9+.\-]*):", rest)
    if scheme:
        rest = rest[scheme.end() :]
    authority = None
    if rest.startswith("//"):
        end = re.search(r"[/?;]", rest[2:])
        stop = 2 + end.start() if end else len(rest)
        authority, rest = rest[2:stop], rest[stop:]
    path = rest.partition("?")[0].partition(";")[0] or None
    host: str | None = None
    port: int | None = None
    if authority is not None:
        authority = authority.rpartition("@")[2]
        digits = re.search(r":([0-9]*)\Z", authority)
        if digits and authority.count("]") == (authority[: digits.start()].endswith("]")):
            authority = authority[: digits.start()]
            port = int(digits[1][:9]) if digits[1] else None
        host = authority.removeprefix("[").removesuffix("]") or None
    protocol = scheme[1] if scheme else ("https" if port == 443 else None)
    if port is None:
        port = {"http": 80, "https": 443}.get(protocol or "")
    return Url(protocol, host, port, path)
