"""Going back to any question: what was said stays the default, nothing is looked at twice, nothing is shown twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.setup_parts import CANARY, Screen, World

from gateway.providers import get
from quickstart.errors import Cancelled, UsageError, WentBack
from quickstart.prompter import Choice, ScriptedPrompter
from quickstart.rewinding import Tape

CHOICES = [Choice("a", "A"), Choice("b", "B", checked=True), Choice("c", "C")]
Said = list[object]


class Talk:
    """A conversation of every kind of question, with looks in between."""

    def __init__(self, script: list[tuple[str, object]]) -> None:
        self.screen = Screen()
        self.world = World()
        self.prompter = ScriptedPrompter(script)
        self.tape = Tape(self.prompter, self.world.eyes(), self.screen.console)
        self.runs = 0

    def once(self) -> Said:
        self.runs += 1
        tape, console = self.tape, self.screen.console
        console.heading("First part")
        said: Said = [tape.confirm("Sure?", False), tape.text("Name?", "proposal")]
        console.heading("Second part")
        console.ok("told after the second heading")
        said.append(tape.secret("Key?"))
        said.append(tape.eyes.check(get("openai"), str(said[-1]), "").verdict)
        console.ok("key accepted")
        said += [tape.select("Where?", CHOICES, "c"), tape.checkbox("Which?", CHOICES)]
        return said

    def run(self) -> Said:
        said = self.tape.converse(self.once)
        assert self.prompter.script == []
        return said


ANSWERS: list[tuple[str, object]] = [
    ("Sure", True), ("Name", "x"), ("Key", CANARY), ("Where", "a"), ("Which", ["a"]),
]  # fmt: skip
EXPECTED: Said = [True, "x", CANARY, "ok", "a", ["a"]]


def test_straight_on() -> None:
    talk = Talk(list(ANSWERS))
    assert talk.run() == EXPECTED
    assert talk.runs == 1


def test_one_question_back_and_another_answer() -> None:
    talk = Talk([*ANSWERS[:1], ("Name", "typo"), ("Key", WentBack), ("Name", "x"), *ANSWERS[2:]])
    assert talk.run() == EXPECTED
    assert talk.screen.text.count("First part") == 2  # shown again, since it is what the question is about
    assert talk.screen.text.count("told after the second heading") == 2


def test_what_was_said_is_the_default_from_then_on() -> None:
    script = [*ANSWERS[:4], ("Which", WentBack), *[("Where", WentBack), ("Key", WentBack), ("Name", WentBack)]]
    talk = Talk([*script, ("Sure", None), ("Name", None), ("Key", ""), ("Where", None), ("Which", None)])
    assert talk.run() == [True, "x", CANARY, "ok", "a", ["b"]]
    assert "Enter takes the key typed before" in talk.screen.text
    assert CANARY not in talk.screen.text + "\n".join(talk.screen.console.transcript)


def test_a_list_of_before_is_checked_again() -> None:
    talk = Talk([])
    tape, console = talk.tape, talk.screen.console
    talk.prompter.script = [("Which", ["a", "c"]), ("Name", WentBack), ("Which", None), ("Name", "x")]
    assert tape.converse(lambda: (tape.checkbox("Which?", CHOICES), tape.text("Name?"))) == (["a", "c"], "x")
    assert list(console.transcript)[-2:] == ["? Which?  a, c", "? Name?  x"]


def test_before_the_first_question_is_nothing() -> None:
    talk = Talk([("Sure", WentBack), ("Sure", WentBack), *ANSWERS])
    assert talk.run() == EXPECTED
    assert talk.screen.text.count("This is the first question.") == 2


def test_nobody_is_asked_twice_for_the_same() -> None:
    talk = Talk([*ANSWERS[:3], ("Where", "a"), ("Which", WentBack), ("Where", "a"), ("Which", ["a"])])
    assert talk.run() == EXPECTED
    assert len(talk.world.asked) == 1


def test_going_back_over_a_key_checks_the_next_one() -> None:
    other = "sk-other-" + "x" * 30
    talk = Talk([*ANSWERS[:2], ("Key", other), ("Where", WentBack), *ANSWERS[2:]])
    assert talk.run() == EXPECTED
    assert [value for _, value, _ in talk.world.asked] == [other, CANARY]


def test_an_error_is_told_the_same_again() -> None:
    tape = Talk([("Name", "bad"), ("Fix", WentBack), ("Name", "bad"), ("Fix", "good")]).tape
    looked: list[str] = []

    def see(name: str) -> str:
        looked.append(name)
        raise UsageError(f"{name} is wrong")

    def talk() -> str:
        name = tape.text("Name?")
        try:
            return tape.look("preview", lambda: see(name))
        except UsageError:
            return tape.text("Fix?")

    assert tape.converse(talk) == "good"
    assert looked == ["bad", "bad"]


def test_cancelling_shows_what_was_held_back() -> None:
    talk = Talk([*ANSWERS[:2], ("Key", WentBack), ("Name", Cancelled)])
    with pytest.raises(Cancelled):
        talk.run()
    talk.screen.console.ok("still heard")
    assert "still heard" in talk.screen.text


def test_keys_are_in_no_representation() -> None:
    talk = Talk([*ANSWERS])
    talk.run()
    assert CANARY not in repr(talk.tape._told)


@given(st.lists(st.integers(0, 4), max_size=12))
def test_however_often_one_goes_back_the_answers_count(steps: list[int]) -> None:
    """A walk: forward to question n, one back, and so on; in the end all answers are those given last."""
    script: list[tuple[str, object]] = []
    at = 0
    for goal in steps:
        while at < goal:
            script.append(ANSWERS[at])
            at += 1
        script.append((ANSWERS[at][0], WentBack))
        at = max(at - 1, 0)
    talk = Talk([*script, *ANSWERS[at:]])
    assert talk.run() == EXPECTED
