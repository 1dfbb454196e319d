"""What a route asks of a request, compiled: its criteria, its priority, and the pieces that Kong makes of a route whose
paths differ. Not for: finding candidates among many routes (router.py).

The order is the one that Kong 3.9 really has, not the documented one: only-plain hosts, then regex paths, then the
number of criteria, then the number of headers, then the length of the path. Its shifts are done on 32-bit numbers,
which is why a fourth criterion or a negative regex_priority fills all high bits; configurations rely on the result.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.paths import normal_form
from gateway.patterns import compile_pattern, literal_start

Entity = Mapping[str, Any]
HeaderLines = Sequence[tuple[bytes, bytes]]
"""The request's header lines as they came."""

SPLIT_NAMESPACE = uuid.UUID("7f145bf9-0dce-4f91-98eb-debbce4b9f6b")
PLAIN_HOSTS = 1 << 60
REGEX_PATH = 1 << 51


class PathRule(NamedTuple):
    """One entry of a route's `paths`."""

    literal: bytes  # a prefix, or what every match of the regex starts with
    exact: bool  # the path must equal `literal`
    pattern: Any  # compiled, anchored at the start; None when `literal` says it all


class HostRule(NamedTuple):
    """One entry of a route's `hosts`."""

    kind: str  # "plain", "suffix" (*.example.com) or "prefix" (example.*)
    text: str  # without the star and the port
    port: int  # 0: any


class HeaderRule(NamedTuple):
    """One entry of a route's `headers`."""

    name: bytes  # lower case, with dashes
    values: frozenset[bytes]  # lower case
    patterns: tuple[Any, ...]


class Found(NamedTuple):
    """How a request's path met a rule."""

    prefix: bytes  # what was matched, b"" when the route has no paths
    captures: Mapping[str, str]


NO_CAPTURES: Mapping[str, str] = {}
NO_PATH = Found(b"", NO_CAPTURES)


class Criteria:
    """One matcher: a route, or the part of a route whose paths are of one kind and length."""

    __slots__ = ("headers", "hosts", "methods", "order", "paths", "route", "service", "snis")

    def __init__(self, route: Entity, service: Entity | None, paths: Sequence[str], tie: uuid.UUID) -> None:
        self.route = route
        self.service = service
        self.methods = frozenset(route.get("methods") or ())
        self.hosts = tuple(_host_rule(host) for host in route.get("hosts") or ())
        self.headers = tuple(_header_rule(name, values) for name, values in (route.get("headers") or {}).items())
        self.snis = tuple(_host_rule(sni.rstrip(".").lower()) for sni in route.get("snis") or ())
        self.paths = tuple(_path_rule(path) for path in paths)
        self.order = (-_priority(route, paths), -tie.int)
        """Sorts the matcher that is asked first to the front."""

    def takes(self, method: str, host: str, port: int) -> bool:
        """Whether method and host fit; `host` without its port, `port` the one it named or the listener's."""
        if self.methods and method not in self.methods:
            return False
        return not self.hosts or any(_host_fits(rule, host, port) for rule in self.hosts)

    def find_path(self, path: bytes) -> Found | None:
        """How the normalised path fits, None when it does not."""
        if not self.paths:
            return NO_PATH
        for literal, exact, pattern in self.paths:
            if exact:
                if path == literal:
                    return Found(path, NO_CAPTURES)
            elif pattern is None:
                if path.startswith(literal):
                    return Found(literal, NO_CAPTURES)
            elif path.startswith(literal) and (match := pattern.search(path)) is not None:
                return Found(match.group(0), _captures(match))
        return None

    def headers_fit(self, headers: HeaderLines) -> bool:
        """Whether every named header has one of its values in one of its lines."""
        return all(
            any(_value_fits(rule, value) for value in header_values(headers, rule.name)) for rule in self.headers
        )

    def server_name_fits(self, scheme: str, server_name: str) -> bool:
        """SNI counts on TLS only."""
        return not self.snis or scheme != "https" or any(_host_fits(rule, server_name, 0) for rule in self.snis)


def matchers(route: Entity, service: Entity | None) -> Iterator[Criteria]:
    """The matchers of one route. Raises PatternError (patterns.py) and ValueError (an id that is no UUID)."""
    groups = _grouped(route.get("paths") or ())
    if len(groups) < 2:
        yield Criteria(route, service, route.get("paths") or (), uuid.UUID(route["id"]))
        return
    for number, paths in enumerate(groups, 1):
        yield Criteria(route, service, paths, uuid.uuid5(SPLIT_NAMESPACE, f"{route['id']}#{number}"))


def _grouped(paths: Iterable[str]) -> list[list[str]]:
    """Paths of one kind and length together, groups in order of their first path."""
    groups: dict[int, list[str]] = {}
    for path in paths:
        groups.setdefault(0 if path.startswith("~") else len(path.encode()), []).append(path)
    return list(groups.values())


def _signed(number: int) -> int:
    """`number` as a 32-bit integer with a sign, as Kong's shifts give it."""
    number &= 0xFFFFFFFF
    return number - (1 << 32) if number & 0x80000000 else number


def _priority(route: Entity, paths: Sequence[str]) -> int:
    hosts, headers = route.get("hosts") or (), route.get("headers") or {}
    criteria = sum(map(bool, (route.get("methods"), hosts, headers, paths, route.get("snis"))))
    number = _signed(criteria << 29) | _signed(min(len(headers), 255) << 20)
    if hosts and not any("*" in host for host in hosts):
        number |= PLAIN_HOSTS
    if paths and paths[0].startswith("~"):
        number |= REGEX_PATH | _signed((route.get("regex_priority") or 0) << 19)
    elif paths:
        number |= len(paths[0].encode()) & 0x7FFFF
    return number & 0xFFFFFFFFFFFFFFFF


def _path_rule(path: str) -> PathRule:
    if not path.startswith("~"):
        return PathRule(normal_form(path.encode()), False, None)
    expression = path[1:]
    literal, exact, whole = literal_start(expression)
    pattern = None if exact or whole else compile_pattern("^" + expression)  # the literal will do, without the engine
    return PathRule(literal.encode(), exact, pattern)


def _host_rule(host: str) -> HostRule:
    name, port = split_host(host)
    if name.startswith("*"):
        return HostRule("suffix", name[1:], port)
    return HostRule("prefix", name[:-1], port) if name.endswith("*") else HostRule("plain", name, port)


def split_host(host: str) -> tuple[str, int]:
    """A Host header as (name, port); port 0 when it names none."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal() or (":" in name and not name.endswith("]")):
        return host, 0
    return name, int(port)


def _host_fits(rule: HostRule, host: str, port: int) -> bool:
    if rule.port and rule.port != port:
        return False
    if rule.kind == "plain":
        return host == rule.text
    return host.endswith(rule.text) if rule.kind == "suffix" else host.startswith(rule.text)


def _header_rule(name: str, values: Iterable[str]) -> HeaderRule:
    plain = frozenset(value.lower().encode() for value in values if not value.startswith("~*"))
    patterns = tuple(compile_pattern(value[2:], ignore_case=True) for value in values if value.startswith("~*"))
    return HeaderRule(_header_name(name.encode()), plain, patterns)


def _header_name(name: bytes) -> bytes:
    return name.lower().replace(b"_", b"-")


def header_values(headers: HeaderLines, name: bytes) -> Iterator[bytes]:
    """The values of all lines of a header; `name` in lower case with dashes, underscores in a line count as dashes."""
    for line_name, value in headers:
        if len(line_name) == len(name) and _header_name(line_name) == name:
            yield value


def _value_fits(rule: HeaderRule, value: bytes) -> bool:
    return value.lower() in rule.values or any(pattern.search(value) is not None for pattern in rule.patterns)


def _captures(match: Any) -> Mapping[str, str]:
    named = match.groupdict()
    if not named:
        return NO_CAPTURES
    return {name.decode(): value.decode(errors="replace") for name, value in named.items() if value is not None}
