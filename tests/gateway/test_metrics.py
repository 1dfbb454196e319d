"""Counting, adding up and writing down."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.metrics import ERRORS, LONGEST_CHOSEN, OTHER, Definition, Registry, family, merge, render

REQUESTS = Definition("counter", "requests_total", "All requests", ("route", "code"))
SECONDS = Definition("histogram", "seconds", "How long", ("route",), (1, 2.5, 10))
BARE = Definition("histogram", "bare", "Without labels", (), (1,))
UP = Definition("gauge", "up", "Whether it runs")


def text_of(registry: Registry) -> str:
    return render(registry.dump()).decode()


def test_an_untouched_registry_tells_that_nothing_went_wrong() -> None:
    assert text_of(Registry()) == (
        "# HELP kong_nginx_metric_errors_total Number of nginx-lua-prometheus errors\n"
        "# TYPE kong_nginx_metric_errors_total counter\n"
        "kong_nginx_metric_errors_total 0\n"
    )


def test_the_text() -> None:
    registry = Registry()
    registry.counter(REQUESTS, ("b", "200")).value += 2
    registry.counter(REQUESTS, ("a", "404")).value += 0.000405
    registry.histogram(SECONDS, ("a",)).observe(0.5)
    registry.histogram(SECONDS, ("a",)).observe(2.5)
    registry.histogram(SECONDS, ("a",)).observe(99)
    registry.histogram(BARE).observe(2)
    dump = registry.dump() | family(UP, [((), 1)])
    del dump[ERRORS.name]
    assert render(dump).decode() == (
        "# HELP bare Without labels\n# TYPE bare histogram\n"
        'bare_bucket{le="1"} 0\nbare_bucket{le="+Inf"} 1\nbare_count 1\nbare_sum 2\n'
        "# HELP requests_total All requests\n# TYPE requests_total counter\n"
        'requests_total{route="a",code="404"} 0.000405\nrequests_total{route="b",code="200"} 2\n'
        "# HELP seconds How long\n# TYPE seconds histogram\n"
        'seconds_bucket{route="a",le="1"} 1\nseconds_bucket{route="a",le="2.5"} 2\n'
        'seconds_bucket{route="a",le="10"} 2\nseconds_bucket{route="a",le="+Inf"} 3\n'
        'seconds_count{route="a"} 3\nseconds_sum{route="a"} 102\n'
        "# HELP up Whether it runs\n# TYPE up gauge\nup 1\n"
    )


def test_one_series_for_equal_labels() -> None:
    registry = Registry()
    assert registry.counter(REQUESTS, ("a", "200")) is registry.counter(REQUESTS, ("a", "200"))
    assert registry.histogram(SECONDS, ("a",)) is registry.histogram(SECONDS, ("a",))
    assert registry.counter(REQUESTS, ("a", "200")) is not registry.counter(REQUESTS, ("a", "201"))


@pytest.mark.parametrize(
    ("value", "written"),
    [('a"b', r"a\"b"), ("a\\b", r"a\\b"), ("a\nb", r"a\nb"), ("é", "é"), ("", ""), ("{a=1}", "{a=1}")],
)
def test_label_values_are_quoted(value: str, written: str) -> None:
    registry = Registry()
    registry.counter(REQUESTS, (value, "200")).value += 1
    assert f'requests_total{{route="{written}",code="200"}} 1\n' in text_of(registry)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0"), (3.0, "3"), (0.1 + 0.2, "0.3"), (1 << 53, "9007199254740992"), (1.65e-05, "1.65e-05"), (2.5, "2.5")],
)
def test_numbers(number: float, written: str) -> None:
    assert render(family(UP, [((), number)])).decode().endswith(f"up {written}\n")


def test_a_family_without_series_is_not_shown() -> None:
    assert render(family(REQUESTS, [])) == b""


def test_labels_that_clients_choose_are_bounded() -> None:
    registry = Registry(most_chosen=2)
    assert [registry.chosen("model", name) for name in ("a", "b", "c", "a")] == ["a", "b", OTHER, "a"]
    assert registry.chosen("color", "c") == "c"
    assert Registry().chosen("model", "x" * (LONGEST_CHOSEN + 1)) == OTHER


def test_a_chosen_label_can_be_told_to_another_process() -> None:
    label = Registry().chosen("model", "\ud800x")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(label)) == label


def test_there_is_an_end_to_series_and_it_is_told() -> None:
    registry = Registry(most_series=3)
    for number in range(5):
        registry.counter(REQUESTS, (str(number), "200")).value += 1
    registry.histogram(SECONDS, ("a",)).observe(1)
    text = text_of(registry)
    assert text.count("requests_total{") == 2
    assert "kong_nginx_metric_errors_total 4\n" in text
    registry.counter(REQUESTS, ("0", "200")).value += 1
    assert 'requests_total{route="0",code="200"} 2\n' in text_of(registry)


counts = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["200", "404"]), st.integers(1, 9), st.floats(0, 20)), max_size=20
)


def counted(events: list[tuple[str, str, int, float]]) -> Registry:
    registry = Registry()
    for route, code, amount, seconds in events:
        registry.counter(REQUESTS, (route, code)).value += amount
        registry.histogram(SECONDS, (route,)).observe(seconds)
    return registry


@given(st.lists(counts, max_size=4))
def test_what_processes_counted_adds_up_to_what_one_would_have(workers: list[Any]) -> None:
    dumps = [counted(events).dump() for events in workers]
    carried = [msgspec.msgpack.decode(msgspec.msgpack.encode(dump)) for dump in dumps]
    merged = merge([Registry().dump(), *carried])
    single = counted([event for events in workers for event in events]).dump()

    def numbers(dump: Any) -> dict[Any, Any]:
        return {
            (name, *labels): [round(n, 6) for n in number] if isinstance(number, list) else number
            for name, one in dump.items()
            for labels, number in one["series"]
        }

    assert numbers(merged) == numbers(single)
    assert [merged[name]["bounds"] for name in merged] == [single[name]["bounds"] for name in merged]


def test_merging_leaves_its_parts_alone() -> None:
    base = counted([("a", "200", 1, 1.0)]).dump()
    before = msgspec.msgpack.encode(base)
    merge([base, base])
    merge([merge([base, base]), base])
    assert msgspec.msgpack.encode(base) == before


@given(counts)
def test_buckets_only_grow_and_end_with_the_count(events: list[tuple[str, str, int, float]]) -> None:
    lines = text_of(counted(events)).splitlines()
    for route in "ab":
        buckets = [float(line.split()[1]) for line in lines if line.startswith(f'seconds_bucket{{route="{route}"')]
        total = [float(line.split()[1]) for line in lines if line.startswith(f'seconds_count{{route="{route}"')]
        assert buckets == sorted(buckets)
        assert buckets[-1:] == total
        added = [float(line.split()[1]) for line in lines if line.startswith(f'seconds_sum{{route="{route}"')]
        wanted = [sum(seconds for name, _, _, seconds in events if name == route)] if total else []
        assert all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(added, wanted, strict=True))
