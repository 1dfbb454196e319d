"""What is told of edits made meanwhile, and who wins where both sides changed one thing."""

from __future__ import annotations

from typing import Any

import pytest
from support.reconciling import SMALL, edited, row_called, small
from support.setup_parts import TEXT_WIDTHS, Screen

from quickstart import layout, messages, reviewing
from quickstart.errors import EnvironmentProblem
from quickstart.prompter import ScriptedPrompter
from quickstart.reconcile.proposal import Proposal, Wish, propose
from quickstart.reconcile.situation import Situation
from quickstart.reconcile.three_way import Choose

RUNNING = edited(
    edited(small(), "plugins", "ai-proxy", config__model__name="gpt-c"), "services", "mistral-api", retries=2
)
WANTED = SMALL.replace("gpt-a", "gpt-b")
NOW = Situation(RUNNING, True, base=small())


def proposed(choose: Choose) -> Proposal:
    return propose(NOW, WANTED, Wish(choose=choose))


def model(proposal: Proposal) -> Any:
    return row_called(proposal.rows, "plugins", "ai-proxy")["config"]["model"]["name"]


@pytest.mark.parametrize(("answer", "name"), [("theirs", "gpt-c"), ("ours", "gpt-b")])
def test_a_person_decides(answer: str, name: str) -> None:
    screen = Screen()
    prompter = ScriptedPrompter([("Running: gpt-c. New: gpt-b.", answer)])
    proposal, choose = reviewing.reviewed(screen.console, prompter, proposed)
    assert model(proposal) == name and not prompter.script
    assert model(proposed(choose)) == name, "and once is enough"
    assert "config.model.name was changed meanwhile" in screen.text.replace("\n", " ")


def test_without_a_person_what_runs_stays_and_is_told() -> None:
    screen = Screen("plain")
    proposal, _ = reviewing.reviewed(screen.console, None, proposed)
    assert model(proposal) == "gpt-c"
    assert "it stays gpt-c (wanted: gpt-b)" in screen.text and "--overwrite" in screen.text


@pytest.mark.parametrize("width", (44, *TEXT_WIDTHS))
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_edits_fit_any_width_in_both_languages(width: int, language: str) -> None:
    messages.choose(language)
    try:
        screen = Screen(width=width)
        reviewing.edits(screen.console, ["ai-proxy on /openai/chat: max_tokens = 256"], ["a: b 1 -> 2", "c"])
    finally:
        messages.choose("en")
    assert all(layout.cells(line) <= width for line in screen.text.splitlines())
    assert "max_tokens = 256" in screen.text.replace("\n", " ").replace("    ", "")


def test_the_whole_difference_is_shown() -> None:
    screen = Screen()
    reviewing.show(screen.console, propose(NOW, WANTED, Wish(choose=lambda conflict: "ours")))
    assert "+          name: gpt-b" in screen.text and "service mistral-api: retries 5 -> 2" in screen.text


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(environment: object) -> None:
        raise EnvironmentProblem("no terminal")

    monkeypatch.setattr(reviewing, "open_prompter", none)
    with pytest.raises(EnvironmentProblem, match="Nothing was changed") as refused:
        reviewing.asker({})
    assert "--yes" in refused.value.hint
