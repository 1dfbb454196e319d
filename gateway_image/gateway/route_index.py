"""Which few of many matchers may take a request: by how the path starts, by host, and by a header value.

Not for: the decision itself (router.py). A candidate is only a maybe, but no matcher that fits is ever left out; a test
compares with asking everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.criteria import Criteria, HeaderLines, header_values

Pin = tuple[bytes, bytes]
"""A header's name and one of its values, both as criteria.py compares them."""


_NO_HOSTS = ("",)
_NO_PINS: Sequence[Pin] = ()


class _Shelf:
    """The ranks of the matchers that share a path start and a host, best first."""

    __slots__ = ("free", "pinned")

    def __init__(self) -> None:
        self.free: list[int] = []
        self.pinned: dict[Pin, list[int]] = {}  # those that take only requests with this header value


class RouteIndex:
    """`matchers` in the order in which they are asked; a rank is a position in it."""

    __slots__ = ("_exact", "_kinds", "_lengths", "_pin_names", "_starts")

    def __init__(self, matchers: Sequence[Criteria]) -> None:
        self._exact: dict[bytes, dict[str, _Shelf]] = {}
        self._starts: dict[bytes, dict[str, _Shelf]] = {}
        self._kinds = frozenset(rule.kind for criteria in matchers for rule in criteria.hosts)
        names: set[bytes] = set()
        for rank, criteria in enumerate(matchers):
            hosts = {_host_key(rule.kind, rule.text) for rule in criteria.hosts} if criteria.hosts else _NO_HOSTS
            pins = _pins(criteria) if criteria.headers else _NO_PINS
            names.update(name for name, _ in pins)
            if not criteria.paths:
                _enter(self._starts, b"", hosts, pins, rank)
            for rule in criteria.paths:
                _enter(self._exact if rule.exact else self._starts, rule.literal, hosts, pins, rank)
        self._lengths = sorted({len(start) for start in self._starts})
        self._pin_names = tuple(names)

    def candidates(self, host: str, path: bytes, headers: HeaderLines) -> tuple[Iterable[int], bool]:
        """The ranks of the matchers that may fit, best first, and whether `headers` took part in choosing them."""
        floors = [self._exact[path]] if path in self._exact else []
        size = len(path)
        for length in self._lengths:
            if length > size:
                break
            floor = self._starts.get(path[:length])
            if floor is not None:
                floors.append(floor)
        if self._kinds:
            keys = list(_host_keys(host, self._kinds))
            shelves = [floor[key] for floor in floors for key in keys if key in floor]
        else:
            shelves = [floor[""] for floor in floors]
        lists = [shelf.free for shelf in shelves]
        by_header = False
        if self._pin_names and any(shelf.pinned for shelf in shelves):
            by_header = True
            given = [(name, value.lower()) for name in self._pin_names for value in header_values(headers, name)]
            lists += [shelf.pinned[pin] for shelf in shelves for pin in given if pin in shelf.pinned]
        if len(lists) == 1:
            return lists[0], by_header
        return sorted({rank for ranks in lists for rank in ranks}), by_header


def _pins(criteria: Criteria) -> list[Pin]:
    """The values of the first header that is asked for by plain values only; a request must carry one of them."""
    for rule in criteria.headers:
        if rule.values and not rule.patterns:
            return [(rule.name, value) for value in rule.values]
    return []


def _enter(
    floors: dict[bytes, dict[str, _Shelf]], start: bytes, hosts: Iterable[str], pins: Sequence[Pin], rank: int
) -> None:
    floor = floors.get(start)
    if floor is None:
        floor = floors[start] = {}
    for host in hosts:
        shelf = floor.get(host)
        if shelf is None:
            shelf = floor[host] = _Shelf()
        for ranks in [shelf.pinned.setdefault(pin, []) for pin in pins] if pins else (shelf.free,):
            if not ranks or ranks[-1] != rank:
                ranks.append(rank)


def _host_key(kind: str, text: str) -> str:
    """The key under which a host rule is found; a star cannot stand in a Host header that is let in."""
    return text if kind == "plain" else "*" + text if kind == "suffix" else text + "*"


def _host_keys(host: str, kinds: frozenset[str]) -> Iterator[str]:
    """Every key whose rule may fit `host`; "" is that of matchers without hosts."""
    yield ""
    if "plain" in kinds and host:
        yield host
    if kinds != {"plain"}:
        for position, character in enumerate(host):
            if character == ".":
                yield "*" + host[position:]
                yield host[: position + 1] + "*"
