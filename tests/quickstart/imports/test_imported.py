"""What was read of a file, by itself: keys are in no repr."""

from __future__ import annotations

from quickstart.imports.imported import Imported, Note


def test_it_is_empty_until_something_was_said() -> None:
    assert Imported("env").empty
    assert Imported("env", notes=(Note("why"),)).empty
    assert not Imported("deck", configuration="x").empty
    assert not Imported("litellm", {"local": ("a=b",)}).empty


def test_keys_are_in_no_repr() -> None:
    assert "sk-canary" not in repr(Imported("env", environment={"A": "sk-canary"}, configuration="sk-canary"))
