"""What one route asks: its rules, its priority, and the pieces Kong makes of it."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest

from gateway.criteria import SPLIT_NAMESPACE, Criteria, matchers, split_host
from gateway.patterns import PatternError

ID = "11111111-1111-4111-8111-111111111111"


def route(**fields: Any) -> dict[str, Any]:
    return {"id": ID, "name": "r", **fields}


def only(**fields: Any) -> Criteria:
    (criteria,) = matchers(route(**fields), None)
    return criteria


# From the one that is asked first to the one that is asked last, as Kong 3.9.1 orders them.
ORDER: list[dict[str, Any]] = [
    {"paths": ["~/a"], "regex_priority": -1},
    {"methods": ["GET"], "hosts": ["h.test"], "headers": {"x": ["1"]}, "paths": ["/a"]},
    {"hosts": ["h.test"], "paths": ["~/a"]},
    {"hosts": ["h.test"], "paths": ["/a"]},
    {"hosts": ["h.test"]},
    {"methods": ["GET"], "headers": {"x": ["1"]}, "paths": ["~/a"]},
    {"paths": ["~/a"], "regex_priority": 10},
    {"paths": ["~/a"]},
    {"hosts": ["*.test"], "methods": ["GET"], "headers": {"x": ["1"], "y": ["1"]}},
    {"hosts": ["*.test"], "methods": ["GET"], "headers": {"x": ["1"]}},
    {"headers": {"x": ["1"], "y": ["1"]}, "methods": ["GET"]},
    {"methods": ["GET"], "paths": ["/abc"]},
    {"methods": ["GET"], "paths": ["/a"]},
    {"headers": {"x": ["1"], "y": ["1"]}},
    {"paths": ["/abc"], "regex_priority": 1000},
    {"paths": ["/a"]},
    {"methods": ["GET"]},
]


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(ORDER)))
def test_priority(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert only(**first).order < only(**second).order


def test_a_tie_goes_to_the_greater_id() -> None:
    low, high = (Criteria(route(id=f"{digit}" * 32), None, [], uuid.UUID(f"{digit}" * 32)) for digit in "12")
    assert high.order < low.order


def test_paths_of_different_kinds_and_lengths_make_several_matchers() -> None:
    made = list(matchers(route(paths=["/a", "~/r$", "/bb", "/c", "~/longer"]), None))
    assert [[rule.literal for rule in criteria.paths] for criteria in made] == [
        [b"/a", b"/c"],
        [b"/r", b"/longer"],
        [b"/bb"],
    ]
    assert [-criteria.order[1] for criteria in made] == [
        uuid.uuid5(SPLIT_NAMESPACE, f"{ID}#{n}").int for n in (1, 2, 3)
    ]
    assert -only(paths=["/a", "/b"]).order[1] == uuid.UUID(ID).int


@pytest.mark.parametrize(
    ("rule", "host", "port", "fits"),
    [
        ("h.test", "h.test", 80, True),
        ("h.test", "H.TEST", 80, False),
        ("h.test", "h.test.", 80, False),
        ("h.test:81", "h.test", 81, True),
        ("h.test:81", "h.test", 80, False),
        ("*.h.test", "a.b.h.test", 80, True),
        ("*.h.test", "h.test", 80, False),
        ("*.h.test", "xh.test", 80, False),
        ("*.h.test:81", "a.h.test", 80, False),
        ("h.*", "h.a.b", 80, True),
        ("h.*", "xh.a", 80, False),
        ("[::1]", "[::1]", 80, True),
    ],
)
def test_hosts(rule: str, host: str, port: int, fits: bool) -> None:
    assert only(hosts=[rule]).takes("GET", host, port) is fits


@pytest.mark.parametrize(
    ("header", "split"),
    [
        ("h.test", ("h.test", 0)),
        ("h.test:81", ("h.test", 81)),
        ("[::1]", ("[::1]", 0)),
        ("[::1]:81", ("[::1]", 81)),
        ("::1", ("::1", 0)),
        ("h.test:", ("h.test:", 0)),
        ("", ("", 0)),
    ],
)
def test_a_host_header_is_a_name_and_maybe_a_port(header: str, split: tuple[str, int]) -> None:
    assert split_host(header) == split


@pytest.mark.parametrize(
    ("asked", "lines", "fits"),
    [
        ({"X-Env": ["Prod", "stage"]}, [(b"x-env", b"PROD")], True),
        ({"x_env": ["prod"]}, [(b"X-Env", b"prod")], True),
        ({"x-env": ["prod"]}, [(b"X_Env", b"prod")], True),
        ({"x-env": ["prod"]}, [(b"x-env", b"a"), (b"x-env", b"prod")], True),
        ({"x-env": ["a"]}, [(b"x-env", b"a, b")], False),
        ({"x-env": ["a, b"]}, [(b"x-env", b"a, b")], True),
        ({"x-env": ["~*pro"]}, [(b"x-env", b"non-PROD")], True),
        ({"x-env": ["~*^v[0-9]+$"]}, [(b"x-env", b"V22")], True),
        ({"x-env": ["~^v"]}, [(b"x-env", b"v1")], False),
        ({"x-env": ["~^v"]}, [(b"x-env", b"~^V")], True),
        ({"x": ["1"], "y": ["1"]}, [(b"x", b"1")], False),
        ({"x": ["1"]}, [], False),
    ],
)
def test_headers(asked: dict[str, list[str]], lines: list[tuple[bytes, bytes]], fits: bool) -> None:
    assert only(headers=asked).headers_fit(lines) is fits


def test_server_names_count_on_tls_only() -> None:
    criteria = only(snis=["a.test", "*.b.test"], protocols=["https"])
    assert criteria.server_name_fits("http", "")
    assert criteria.server_name_fits("https", "a.test") and criteria.server_name_fits("https", "x.b.test")
    assert not criteria.server_name_fits("https", "") and not criteria.server_name_fits("https", "b.test")


def test_a_regex_finds_its_prefix_and_its_named_groups() -> None:
    found = only(paths=[r"~/(?<first>[^/]+)/(?<rest>\d+)?"]).find_path("/é/12/x".encode())
    assert found is not None
    assert found.prefix == "/é/12".encode() and dict(found.captures) == {"first": "é", "rest": "12"}
    unmatched = only(paths=[r"~/(?<first>[^/]+)/(?<rest>\d+)?"]).find_path(b"/a/x")
    assert unmatched is not None and dict(unmatched.captures) == {"first": "a"}


def test_an_expression_the_engine_cannot_run_is_refused() -> None:
    for pattern in ("~/a(?!b)", "~/a(", "~/a{2,1}"):
        with pytest.raises(PatternError):
            only(paths=[pattern])
