"""Numbers that a process counts while it serves, and Prometheus text made of them. Not for: which numbers there are
(plugins/prometheus.py), asking other processes for theirs (transport/workers.py).

Whoever counts keeps the series object and adds to its fields, so that a request pays for a look-up and an addition.
A Dump is plain data: what goes between processes, is added up and is rendered.

Source of the format: Prometheus' text exposition format 0.0.4, ordered and written as Kong 3.9.1 does it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

CONTENT_TYPE: Final = b"text/plain; charset=UTF-8"
MOST_SERIES: Final = 50_000
"""Series of one process. What comes beyond is counted in ERRORS alone, so that memory stays bounded."""
MOST_CHOSEN: Final = 100
"""Different values of a label that clients choose freely; the rest share OTHER."""
LONGEST_CHOSEN: Final = 128
OTHER: Final = "other"


class Definition(NamedTuple):
    """A family of series: what it is called and which labels its series have, in this order."""

    kind: str  # "counter" | "gauge" | "histogram"
    name: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()  # upper bounds of a histogram's buckets, +Inf left out


ERRORS: Final = Definition("counter", "kong_nginx_metric_errors_total", "Number of nginx-lua-prometheus errors")
"""Kong's name and words; here: series for which there was no room."""

Dump = dict[str, dict[str, Any]]
"""name -> {"kind", "help", "labels", "bounds", "series": [[label values, number]]}; a histogram's number is the counts
of its buckets (not added up, +Inf last) and the sum of all values."""


class Counter:
    """One series; add to `value`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


class Histogram:
    """One series of a histogram."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(map(float, bounds))  # comparing floats with integers would take twice as long
        self.counts = [0] * (len(bounds) + 1)
        self.total: float = 0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def observe_all(self, values: Sequence[float]) -> None:
        counts, bounds = self.counts, self._bounds
        for value in values:
            counts[bisect_left(bounds, value)] += 1
        self.total = sum(values, self.total)


class Registry:
    """All series of one process."""

    def __init__(self, most_series: int = MOST_SERIES, most_chosen: int = MOST_CHOSEN) -> None:
        self._most_series = most_series
        self._most_chosen = most_chosen
        self._counters: dict[Definition, dict[tuple[str, ...], Counter]] = {}
        self._histograms: dict[Definition, dict[tuple[str, ...], Histogram]] = {}
        self._chosen: dict[str, set[str]] = {}
        self._size = 0
        self._errors = self.counter(ERRORS)

    def counter(self, definition: Definition, labels: tuple[str, ...] = ()) -> Counter:
        """The series with these label values; one that is not kept when there is no room for it."""
        family = self._counters.setdefault(definition, {})
        found = family.get(labels)
        if found is None:
            found = Counter()
            if self._take_room():
                family[labels] = found
        return found

    def histogram(self, definition: Definition, labels: tuple[str, ...] = ()) -> Histogram:
        """The same for a histogram."""
        family = self._histograms.setdefault(definition, {})
        found = family.get(labels)
        if found is None:
            found = Histogram(definition.bounds)
            if self._take_room():
                family[labels] = found
        return found

    def chosen(self, label: str, value: str) -> str:
        """The value of a label that clients choose: itself for the first ones that are seen, then OTHER."""
        known = self._chosen.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= self._most_chosen or len(value) > LONGEST_CHOSEN:
            return OTHER
        value = value.encode("utf-8", "replace").decode("utf-8")
        known.add(value)
        return value

    def dump(self) -> Dump:
        out: Dump = {}
        for definition, counters in self._counters.items():
            out |= family(definition, ((labels, one.value) for labels, one in counters.items()))
        for definition, histograms in self._histograms.items():
            out |= family(definition, ((labels, [*one.counts, one.total]) for labels, one in histograms.items()))
        return out

    def _take_room(self) -> bool:
        if self._size >= self._most_series:
            self._errors.value += 1
            return False
        self._size += 1
        return True


def family(definition: Definition, series: Iterable[tuple[tuple[str, ...], Any]]) -> Dump:
    """The dump of one family: label values and number of each series."""
    return {
        definition.name: {
            "kind": definition.kind,
            "help": definition.help,
            "labels": list(definition.labels),
            "bounds": list(definition.bounds),
            "series": [[list(labels), number] for labels, number in series],
        }
    }


def merge(dumps: Iterable[Mapping[str, Mapping[str, Any]]]) -> Dump:
    """One dump with the numbers of all: those of equal name and labels are added up."""
    families: dict[str, tuple[Mapping[str, Any], dict[tuple[str, ...], Any]]] = {}
    for dump in dumps:
        for name, one in dump.items():
            _, sums = families.setdefault(name, (one, {}))
            for labels, number in one["series"]:
                key = tuple(labels)
                sums[key] = _sum(sums[key], number) if key in sums else number
    return {
        name: {**first, "series": [[list(labels), number] for labels, number in sums.items()]}
        for name, (first, sums) in families.items()
    }


def _sum(one: Any, other: Any) -> Any:
    return [a + b for a, b in zip(one, other, strict=True)] if isinstance(one, list) else one + other


# -- as text ------------------------------------------------------------------------------------------------------


def render(dump: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The dump as Prometheus reads it: families by name, series by their labels."""
    lines: list[str] = []
    for name in sorted(dump):
        one = dump[name]
        shown = sorted((_labels(one["labels"], labels), number) for labels, number in one["series"])
        if not shown:
            continue
        lines.append(f"# HELP {name} {_escaped(one['help'])}\n# TYPE {name} {one['kind']}\n")
        if one["kind"] == "histogram":
            lines += _histogram(name, one["bounds"], shown)
        else:
            lines += (f"{name}{_braced(text)} {_text(number)}\n" for text, number in shown)
    return "".join(lines).encode("utf-8", "replace")


def _histogram(name: str, bounds: Sequence[float], shown: list[tuple[str, Any]]) -> list[str]:
    """Buckets of all series, then their counts, then their sums, as Kong writes them."""
    limits = [*map(_text, bounds), "+Inf"]
    lines: list[str] = []
    for text, (*counts, _) in shown:
        sum_so_far = 0
        for limit, count in zip(limits, counts, strict=True):
            sum_so_far += count
            lines.append(f"{name}_bucket{_braced(text, limit)} {sum_so_far}\n")
    lines += (f"{name}_count{_braced(text)} {sum(counts)}\n" for text, (*counts, _) in shown)
    lines += (f"{name}_sum{_braced(text)} {_text(total)}\n" for text, (*_, total) in shown)
    return lines


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    return ",".join(f'{name}="{_quoted(value)}"' for name, value in zip(names, values, strict=True))


def _braced(text: str, limit: str = "") -> str:
    """Labels in braces, with the upper bound of a bucket as the last one."""
    if limit:
        text += f'{"," if text else ""}le="{limit}"'
    return f"{{{text}}}" if text else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _text(number: float) -> str:
    """Whole numbers in full, others with 14 digits."""
    return str(int(number)) if float(number).is_integer() else format(number, ".14g")
