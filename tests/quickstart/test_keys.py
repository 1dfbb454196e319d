"""Keys as people paste them. Nothing made of a key may show more than its last four characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import providers
from quickstart import keys
from quickstart.errors import UsageError

KEY = "sk-proj-abcdefghijklmnopqrst9fQA"


@pytest.mark.parametrize(
    "pasted",
    [
        KEY,
        f"  {KEY}\n",
        f"\u3000{KEY}\u3000",
        f'"{KEY}"',
        f"'{KEY}'",
        f"“{KEY}”",
        f"export OPENAI_API_KEY={KEY}",
        f'export OPENAI_API_KEY="{KEY}"\r\n',
        f"OPENAI_API_KEY = {KEY}",
        f"Bearer {KEY}",
        f"Authorization: Bearer {KEY}",
        f"x-api-key: {KEY}",
        f"\ufeff{KEY}",
    ],
)
def test_what_surrounds_a_key_is_removed(pasted: str) -> None:
    assert keys.clean(pasted).value == KEY


def test_what_was_removed_is_told() -> None:
    assert keys.clean(f' "Bearer {KEY}" ').removed == ("spaces", "quotes", "Bearer")
    assert keys.clean(KEY).removed == ()


@pytest.mark.parametrize("empty", ["", "   ", "\n", '""', "Bearer ", "\u3000"])
def test_nothing_stays_nothing(empty: str) -> None:
    assert keys.clean(empty).value == ""


@pytest.mark.parametrize("bad", ["sk-ab cd", "sk-ab\ncd", "sk-ab\x07cd", "sk-ab\u3000cd", "sk-ａｂ", "sk-ab\x7fcd"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(UsageError) as refused:
        keys.clean(bad)
    assert "sk-" not in refused.value.message + refused.value.hint


def test_equals_signs_of_a_key_stay() -> None:
    assert keys.clean("abcd1234==").value == "abcd1234=="
    assert keys.clean("ab=cd").value == "ab=cd"
    assert keys.clean("MY_KEY=abc==").value == "abc=="


@given(st.text(max_size=200))
def test_cleaning_ends_and_gives_one_printable_word(text: str) -> None:
    try:
        value = keys.clean(text).value
    except UsageError:
        return
    assert value.isascii() and not any(c.isspace() or not c.isprintable() for c in value)
    assert keys.clean(value).value == value


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_never_more_than_four_characters_are_shown(key: str) -> None:
    assert len(keys.ending(key)) in (0, 4)
    if len(key) < keys.TELLING_LENGTH:
        assert keys.mask(key) == "****"
        assert "ends" not in keys.received(key)


def test_masks() -> None:
    assert keys.mask(KEY) == "****9fQA"
    assert keys.mask_header(f"Bearer {KEY}") == "****9fQA"
    assert keys.received(KEY) == "received 32 characters, ends 9fQA"


def test_the_stored_value_is_the_complete_header() -> None:
    openai, anthropic = providers()["openai"], providers()["anthropic"]
    assert keys.header_value(openai, KEY) == f"Bearer {KEY}"
    assert keys.header_value(anthropic, KEY) == KEY
    assert keys.key_of(openai, f"Bearer {KEY}") == KEY


def test_another_providers_key_is_told() -> None:
    other = keys.whose("sk-ant-api03-abcdefghijkl", providers()["openai"])
    assert other is not None and other.name == "anthropic"
    assert keys.whose(KEY, providers()["openai"]) is None
    assert keys.whose("whatever", providers()["openai"]) is None


def test_a_key_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"\nexport X_KEY='{KEY}'\n\n")
    assert keys.from_file(str(file), "--key-file openai") == KEY


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "0 lines"), (b"a\nb\n", "2 lines"), (b"\xff\xfe\x00", "not text"), (None, "cannot read")],
)
def test_a_key_file_that_is_none(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=said) as refused:
        keys.from_file(str(file), "--key-file openai")
    assert "--key-file openai" in refused.value.message
