"""The review screen as people see it, at three widths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.example_answers import EVERYTHING, LOCALS, SECRETS
from support.golden import check_golden
from support.setup_parts import TEXT_WIDTHS, Screen

from quickstart import layout
from quickstart.answers import Answers
from quickstart.planning import make_plan
from quickstart.prompter import ScriptedPrompter
from quickstart.render import render
from quickstart.review import Earlier, Review, compare
from quickstart.wizard_review import decide, section, show

GOLDEN = Path(__file__).parent / "golden"
JAPANESE = replace(EVERYTHING, local=(replace(LOCALS[0], model="日本語モデル-7b-instruct-とても長い名前.Q4_K_M.gguf"),))


def screen_of(answers: Answers, before: Answers | None, width: int) -> tuple[str, Review]:
    plan = make_plan(answers, lambda: True, lambda port: port == 7999, "Linux")
    earlier = Earlier()
    if before is not None:
        old = make_plan(before, lambda: True, lambda port: port == 7999, "Linux")
        earlier = Earlier(old, render(old).kong_yml, render(old).kong_env, SECRETS)
    review = compare(plan, render(plan), earlier)
    screen = Screen(width=width)
    show(screen.console, plan, review, earlier)
    return screen.text, review


CHANGED = replace(EVERYTHING, local=(replace(LOCALS[0], url="localhost:8081"),), proxy_port=8010, builtin_model=False)


@pytest.mark.parametrize("width", TEXT_WIDTHS)
@pytest.mark.parametrize(
    ("name", "answers", "before"),
    [
        ("first", EVERYTHING, None),
        ("first_docker", replace(JAPANESE, runtime="docker", hosted=()), None),
        ("again", CHANGED, EVERYTHING),
        ("same", EVERYTHING, EVERYTHING),
    ],
)
def test_golden_screens(name: str, answers: Answers, before: Answers | None, width: int) -> None:
    text, _ = screen_of(answers, before, width)
    assert all(layout.cells(line) <= width for line in text.splitlines())
    assert "canary" not in text
    check_golden(GOLDEN / f"review_{name}_{width}.txt", text)


def test_deciding() -> None:
    _, review = screen_of(CHANGED, EVERYTHING, 80)
    screen = Screen()
    prompter = ScriptedPrompter([("Apply", "diff"), ("Apply", "change")])
    assert decide(screen.console, prompter, review, False) == "change"
    assert "+++ kong.yml (new)" in screen.text and "canary" not in screen.text
    assert decide(screen.console, ScriptedPrompter([("Apply", None)]), review, True) == "apply"
    assert decide(screen.console, ScriptedPrompter([("Apply", "cancel")]), review, True) == "cancel"


def test_which_section() -> None:
    assert section(ScriptedPrompter([("What should change", "machine")]), EVERYTHING) == "machine"
