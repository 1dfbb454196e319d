"""Regular expressions: the spelling of one engine in that of another, and what needs no engine at all."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.patterns import PatternError, compile_pattern, literal, literal_start, translate


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a++", "aaa", True),
        ("(?:ab)*{2}c", "ababc", True),
        ("a{2}{3}$", "aaaaaa", True),
        ("^a{2}{3}$", "aaaaa", False),
        (r"^\d$", "٣", True),
        (r"^\D$", "٣", False),
        (r"^\w+$", "é_1", True),
        (r"^[\w-]+$", "é-1", True),
        (r"^[^\d]$", "٣", False),
        (r"^\s$", "\u2003", True),
        (r"^\S$", "\u2003", False),
        (r"^(?<first>[^/]+)$", "é", True),
        (r"^[]a]$", "]", True),
        (r"^[[:alpha:]]$", "q", True),
        (r"^a{,2}$", "a{,2}", True),
        (r"^a\/b$", "a/b", True),
        (r"^\++$", "++", True),
        ("^.$", "\n", False),
        ("^a$", "a\n", False),
        (r"(?i)^AbC$", "aBc", True),
    ],
)
def test_matching(pattern: str, text: str, matches: bool) -> None:
    assert (compile_pattern(pattern).search(text.encode()) is not None) is matches


@pytest.mark.parametrize("pattern", ["a(", "a[", "a{2,1}", "a(?!b)", "a(?<=b)", r"(a)\1", "*a", "\\"])
def test_what_the_engine_cannot_run_is_refused_with_its_text(pattern: str) -> None:
    with pytest.raises(PatternError) as refused:
        compile_pattern(pattern)
    assert pattern in str(refused.value)


def test_look_around_is_named() -> None:
    with pytest.raises(PatternError, match="look-around"):
        compile_pattern("/a(?!b)")


def test_time_is_linear_in_the_text() -> None:
    pattern = compile_pattern("^/(a+)+$")
    started = time.process_time()
    assert pattern.search(b"/" + b"a" * 50_000 + b"!") is None
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("pattern", "start"),
    [
        ("/openai/chat$", ("/openai/chat", True, False)),
        (r"/v1\.0\/a$", ("/v1.0/a", True, False)),
        ("/a", ("/a", False, True)),
        ("/ab*", ("/a", False, False)),
        ("/ab?c", ("/a", False, False)),
        ("/ab+", ("/ab", False, False)),
        ("/ab{0}", ("/a", False, False)),
        (r"/a\d", ("/a", False, False)),
        ("/(a|b)$", ("/", False, False)),
        ("/x[|]y$", ("/x", False, False)),
        ("/a$|/b$", ("", False, False)),
        ("/a(b)|c", ("", False, False)),
        ("(?i)/a", ("", False, False)),
        ("/é$", ("/é", True, False)),
    ],
)
def test_how_every_match_starts(pattern: str, start: tuple[str, bool, bool]) -> None:
    assert literal_start(pattern) == start


EXPRESSIONS = st.lists(
    st.sampled_from(
        ["/", "a", "b", ".", "$", "|", "(a|b)", "(/)", "[ab]", "[^a|]", "*", "+", "?", "{2}", r"\.", r"\|"]
    ),
    max_size=8,
).map("".join)


@given(EXPRESSIONS, st.text(alphabet="/ab.|", max_size=8))
def test_the_shortcuts_agree_with_the_engine(expression: str, text: str) -> None:
    try:
        pattern = compile_pattern("^" + expression)
    except PatternError:
        return
    match = pattern.search(text.encode())
    literal, exact, whole = literal_start(expression)
    if match is not None:
        assert text.startswith(literal)
    if exact:
        assert (match is not None) == (text == literal)
    if whole:
        assert (match is not None) == text.startswith(literal)


@given(EXPRESSIONS, st.text(alphabet="/ab.|", max_size=8))
def test_translation_keeps_the_meaning_of_what_both_dialects_have(expression: str, text: str) -> None:
    if re.search(r"[*+?}][*+{]|[*+?}]\?\?", expression):
        return  # repeated repetition means something else to Python's engine
    try:
        theirs = re.compile(expression)
    except re.error:
        return
    try:
        ours = compile_pattern(expression)
    except PatternError:
        return
    assert (theirs.search(text) is None) == (ours.search(text.encode()) is None)


def test_ordinary_expressions_are_left_alone() -> None:
    for pattern in ("/a(?:b|c)+?$", "/[a-f0-9-]{4,}/?$", r"/a\.b", "/(?<x>.*)"):
        assert translate(pattern) == pattern


@given(
    st.lists(st.sampled_from([".*", "ab", "a", ".", "*", "\\", "é", "|", "?", "(b)", "\n"]), max_size=5).map("".join),
    st.text(alphabet="ab.*\\é\n|", max_size=8),
)
def test_a_literal_is_found_where_the_engine_finds_its_expression(expression: str, text: str) -> None:
    wanted = literal(expression)
    if wanted is not None:
        found = compile_pattern(expression).search(text.encode())
        assert (wanted in text.encode()) == bool(found)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (".*secret plan.*", b"secret plan"),
        ("secret", b"secret"),
        ("caf\u00e9.*", "caf\u00e9".encode()),
        (".*", None),
        ("", None),
        ("a\\.*", None),
        (".*(P|p)ears.*", None),
        ("(?i)secret", None),
    ],
)
def test_which_expressions_need_no_engine(expression: str, text: bytes | None) -> None:
    assert literal(expression) == text
