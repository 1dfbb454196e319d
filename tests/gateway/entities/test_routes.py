from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.entities.routes import ROUTES, path_error

ADDRESS = [{"ip": "10.0.0.0/8", "port": 1}]


def errors(row: dict[str, Any]) -> Any:
    return ROUTES.record.clean(row)[1]


def pcre(regex: str, said: str) -> str:
    return f"invalid regex: '{regex}' (PCRE returned: pcre2_compile() failed: {said})"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/", None),
        ("/a/b.c-d_e/", None),
        ("/x y", None),
        ("/a%2Fb", None),
        ("/a(b", None),
        ("/café", None),
        ("/x%20y", "non-normalized path, consider use '/x y' instead"),
        ("/a/../b", "non-normalized path, consider use '/b' instead"),
        ("/a/./b", "non-normalized path, consider use '/a/b' instead"),
        ("/a%2fb", "non-normalized path, consider use '/a%2Fb' instead"),
        ("/caf%c3%a9", "non-normalized path, consider use '/café' instead"),
        ("~/(?<id>[0-9]+)$", None),
        ("~/a++", None),
        ("~/a(", pcre("/a(", 'missing closing parenthesis in "/a("')),
        ("~/a[", pcre("/a[", 'missing terminating ] for character class in "/a["')),
        ("~/a\\", pcre("/a\\", '\\ at end of pattern in "/a\\"')),
        ("~/a{2,1}", pcre("/a{2,1}", 'numbers out of order in {} quantifier in "/a{2,1}" at "}"')),
        ("~/\\p{Foo}", pcre("/\\p{Foo}", 'unknown property after \\P or \\p in "/\\p{Foo}"')),
    ],
)
def test_paths(path: str, error: str | None) -> None:
    assert path_error(path) == error


def test_what_only_the_routers_engine_refuses_is_told_in_its_words() -> None:
    look, back = errors({"paths": ["~/a(?=b)"]}), errors({"paths": ["/ok", r"~/(a)\1"]})
    assert "error: look-around, including look-ahead and look-behind, is not supported" in look["@entity"][0]
    assert "    ^/a(?=b)\n       ^^^\n" in look["@entity"][0]
    assert back["@entity"][0].endswith("error: backreferences are not supported")


def test_an_escaped_backslash_is_no_back_reference() -> None:
    assert errors({"paths": [r"~/a\\1"]}) is None


@pytest.mark.parametrize(
    ("row", "wanted", "protocol"),
    [
        ({"protocols": ["http"]}, "'methods', 'hosts', 'headers', 'paths'", "http"),
        ({}, "'methods', 'hosts', 'headers', 'paths', 'snis'", "https"),
        ({"protocols": ["grpc"]}, "'hosts', 'headers', 'paths'", "grpc"),
        ({"protocols": ["grpc", "grpcs"]}, "'hosts', 'headers', 'paths', 'snis'", "grpcs"),
        ({"protocols": ["tcp"]}, "'sources', 'destinations'", "tcp"),
        ({"protocols": ["tls"]}, "'sources', 'destinations', 'snis'", "tls"),
        ({"protocols": ["tls_passthrough"]}, "'snis'", "tls_passthrough"),
    ],
)
def test_a_route_needs_something_to_match(row: dict[str, Any], wanted: str, protocol: str) -> None:
    assert errors(row) == {"@entity": [f"must set one of {wanted} when 'protocols' is '{protocol}'"]}


@pytest.mark.parametrize(
    "row",
    [
        {"snis": ["a.test"]},
        {"headers": {"x": ["1"]}},
        {"methods": ["FOO"]},
        {"protocols": ["tcp"], "destinations": ADDRESS},
        {"protocols": ["tls_passthrough"], "snis": ["x.test"]},
        {"protocols": ["grpc", "grpcs"], "paths": ["/pkg.Svc"]},
        {"paths": ["/a"], "regex_priority": 4294967296},
        {"paths": ["/a"], "path_handling": "v1"},
    ],
)
def test_routes_that_kong_takes(row: dict[str, Any]) -> None:
    assert errors(row) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"sources": ADDRESS}, {"sources": "cannot set 'sources' when 'protocols' is 'http' or 'https'"}),
        (
            {"protocols": ["tcp"], "sources": ADDRESS},
            {"paths": "cannot set 'paths' when 'protocols' is 'tcp', 'tls', 'tls_passthrough' or 'udp'"},
        ),
        ({"protocols": []}, {"protocols": "unknown type: nil"}),
        ({"protocols": ["ftp"]}, {"protocols": "unknown type: ftp"}),
        (
            {"headers": {"Host": ["x"]}},
            {"headers": "cannot contain 'host' header, which must be specified in the 'hosts' attribute"},
        ),
        ({"hosts": ["*.a.*"]}, {"hosts": ["invalid wildcard: must have at most one wildcard"]}),
        (
            {"hosts": ["ok.test", "a*.com"]},
            {"hosts": [None, "invalid wildcard: must be placed at leftmost or rightmost label"]},
        ),
        (
            {"destinations": [{}], "protocols": ["tcp"], "paths": None},
            {"destinations": [{"@entity": ["at least one of these fields must be non-empty: 'ip', 'port'"]}]},
        ),
    ],
)
def test_rules(row: dict[str, Any], expected: object) -> None:
    assert errors({"paths": ["/p"], **row}) == expected


def test_grpc_has_no_prefix_to_strip() -> None:
    row, error = ROUTES.record.clean({"protocols": ["grpc"], "paths": ["/pkg.Svc"]})
    assert (row["strip_path"], error) == (False, None)
    assert errors({"protocols": ["grpcs"], "paths": ["/p"], "strip_path": True}) == {
        "strip_path": "cannot set 'strip_path' when 'protocols' is 'grpc' or 'grpcs'"
    }
    assert ROUTES.record.clean({"paths": ["/p"]})[0]["strip_path"] is True


@given(st.lists(st.sampled_from(["a", "B", ".", "..", "%20", "%2f", "é", "x y", "%41"]), max_size=6))
def test_the_path_that_is_proposed_is_taken(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    error = path_error(path)
    if error is not None:
        assert path_error(error.removeprefix("non-normalized path, consider use '").removesuffix("' instead")) is None


@given(st.text(max_size=30))
def test_no_text_makes_a_route_fail_otherwise(text: str) -> None:
    errors({"paths": ["/" + text, "~/" + text], "hosts": [text], "methods": [text], "headers": {text: [text]}})
