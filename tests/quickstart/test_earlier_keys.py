"""The key before each key: kept once, told apart by marks, seen by nobody who reads the file for its keys."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.vault import read_secrets
from quickstart import earlier_keys, secret_file
from quickstart.earlier_keys import EarlierKeys

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=30)
KEYS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(KEYS, KEYS, st.sampled_from(["", "5d1f"]))
def test_what_is_written_is_read_and_changes_no_key(keys: dict[str, str], before: dict[str, str], salt: str) -> None:
    earlier = EarlierKeys(before, salt)
    text = secret_file.render(keys) + earlier.render()
    assert earlier_keys.parse(text) == earlier
    assert secret_file.parse(text) == keys
    assert earlier_keys.without(text.encode()) == secret_file.render(keys).encode()


@given(KEYS, KEYS)
def test_the_gateway_sees_the_keys_in_use_only(tmp_path_factory, keys: dict[str, str], before: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("secrets") / "secrets.env"
    path.write_text(secret_file.render(keys) + EarlierKeys(before, "5d1f").render())
    path.chmod(0o600)
    assert read_secrets(path) == keys
    assert sorted(earlier_keys.every_value(path)) == sorted([*keys.values(), *before.values()])


def test_one_value_back_of_what_the_configuration_names() -> None:
    old, new = {"A": "1", "B": "1", "GONE": "1"}, {"A": "2", "B": "2", "C": "2"}
    after = EarlierKeys({"GONE": "0"}).after(old, new, {"A", "C", "GONE"}, (), lambda: "5d1f")
    assert after == EarlierKeys({"A": "1"}, "5d1f")
    again = after.after(new, {**new, "A": "3"}, {"A"})
    assert again == EarlierKeys({"A": "2"}, "5d1f")
    assert again.after({"A": "3"}, {"A": "4"}, {"A"}, {"A"}) == EarlierKeys({}, "5d1f")
    assert EarlierKeys().after({}, {}, set()) == EarlierKeys(), "a file without keys has nothing to mark"


def test_which_keys_come_back() -> None:
    earlier = EarlierKeys({"A": "old", "B": "old"}, "5d1f")
    marks = earlier.marks({"A": "old", "B": "older", "C": "same", "D": "gone"}, {"A", "B", "C", "D"})
    assert earlier.back(marks, {"A": "new", "B": "new", "C": "same"}) == ({"A": "old"}, ["B"])
    assert earlier.back({}, {"A": "new"}) == ({}, []), "a generation of an earlier version has no marks"
    assert EarlierKeys().marks({"A": "x"}, {"A"}) == {}


def test_marks_tell_nothing_without_the_salt() -> None:
    one, other = EarlierKeys(salt="a"), EarlierKeys(salt="b")
    assert one.mark("A", "x") == one.mark("A", "x") != other.mark("A", "x")
    assert one.mark("A", "x") != one.mark("B", "x") != one.mark("B", "y")
    assert "secret" not in repr(EarlierKeys({"A": "secret"}, "secret"))


def test_no_file_has_no_earlier_keys(tmp_path: Path) -> None:
    assert earlier_keys.read(tmp_path / "none") == EarlierKeys()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert earlier_keys.read(tmp_path / "binary") == EarlierKeys()
