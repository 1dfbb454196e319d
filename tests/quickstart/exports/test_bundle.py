"""What an export gives, by itself."""

from __future__ import annotations

from quickstart.exports._bundle import Bundle, Note, Wish


def test_one_text_is_enough() -> None:
    assert Bundle("text").files == {} and Bundle("text").notes == ()
    assert Note("what").hint == ""
    assert (Wish().target, Wish().image) == ("", "")
