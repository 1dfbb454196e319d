from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.konnect_mock.server import TOKEN, KonnectMock
from support.konnect_parts import Office
from support.setup_parts import Screen, World
from support.setup_parts import desk as open_desk

from quickstart.answers import Answers
from quickstart.konnect import outlook, screens, seeing
from quickstart.konnect.account import Asked, Seen
from quickstart.konnect.outlook import Consent
from quickstart.prompter import ScriptedPrompter
from quickstart.wizard_hosted import Desk

START = Answers(control_plane="konnect")


class Sitting:
    """One person at the screen."""

    def __init__(self, office: Office, script: list[tuple[str, Any]], **more: Any) -> None:
        def see(token: str, asked: Asked) -> Seen:
            return seeing.see(token, asked, office.environment, office.places, office.open)

        table, self.prompter, self.screen = open_desk(script, World(), **more)
        self.desk = Desk(table.sources, self.prompter, table.console, table.eyes._replace(konnect=see))

    def ask(self, answers: Answers = START) -> Answers:
        found = screens.ask(self.desk, answers)
        assert isinstance(self.prompter, ScriptedPrompter) and self.prompter.script == []
        assert TOKEN not in self.screen.text
        return found


def test_a_typed_token_is_checked_at_once(office: Office) -> None:
    sitting = Sitting(office, [("token (hidden)", f' "{TOKEN}" ')])
    found = sitting.ask()
    assert (found.control_plane, found.konnect_region, found.secrets) == ("konnect", "eu", {"KONNECT_TOKEN": TOKEN})
    assert "Example Organization" in sitting.screen.text and "tokens" in sitting.screen.text


@pytest.mark.parametrize(
    ("question", "more"),
    [
        (r"use $KONNECT_TOKEN, ****f3Zk", {"environment": {"KONNECT_TOKEN": TOKEN}}),
        ("keep ****f3Zk", {"secrets": {"KONNECT_TOKEN": TOKEN}}),
    ],
)
def test_enter_takes_the_known_one(office: Office, question: str, more: dict[str, Any]) -> None:
    assert Sitting(office, [(question, "")], **more).ask().secrets == {"KONNECT_TOKEN": TOKEN}


def test_try_again_or_stay_local(office: Office) -> None:
    script = [
        ("token (hidden)", "kpat_wrong"), ("What now", "again"), ("token (hidden)", "two words"),
        ("token (hidden)", ""), ("What now", "again"), ("token (hidden)", TOKEN),
    ]  # fmt: skip
    sitting = Sitting(office, script)
    assert sitting.ask().control_plane == "konnect" and "token rejected (401)" in sitting.screen.text
    given_up = Sitting(office, [("token (hidden)", "kpat_wrong"), ("What now", "local")]).ask()
    assert given_up.control_plane == "local" and not given_up.secrets


def test_a_region_is_asked_for_only_when_nothing_tells_it(mock: KonnectMock, office: Office) -> None:
    mock.access.person = False
    assert Sitting(office, [("token", TOKEN), ("Which region", "in")]).ask().konnect_region == "in"
    mock.access.regions = ("au",)
    assert Sitting(office, [("token", TOKEN)]).ask().konnect_region == "au"


def test_one_that_is_there_is_added_to_renamed_or_replaced_by_name(mock: KonnectMock, office: Office) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    mock.state.create("gateway", "eu", {"name": "ai-gateway-2"})
    ask = [("token", TOKEN)]
    assert Sitting(office, [*ask, ("What shall happen", "add")]).ask().konnect_existing == "add"
    assert Sitting(office, [*ask, ("What shall happen", "other")]).ask().konnect_control_plane == "ai-gateway-3"
    replaced = [("What shall happen", "replace"), ("Type ai-gateway", "ai-gatway"), ("What shall happen", "replace")]
    found = Sitting(office, [*ask, *replaced, ("Type ai-gateway", "ai-gateway")]).ask()
    assert found.konnect_replace == "ai-gateway" and found.konnect_existing == "refuse"
    assert {request.method for request in mock.asked} == {"GET"}


def test_one_that_cannot_be_joined_is_not_offered(mock: KonnectMock, office: Office) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway", "cloud_gateway": True})
    found = Sitting(office, [("token", TOKEN), ("What shall happen", None)]).ask()
    assert found.konnect_control_plane == "ai-gateway-2"


@pytest.mark.parametrize("width", [44, 60, 80, 120])
def test_the_review_says_what_would_be_and_who_can_see_keys(mock: KonnectMock, office: Office, width: int) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    for consent, words in ((Consent(add=True), "is added to"), (Consent(replace="ai-gateway"), "deleted")):
        seen = outlook.look(office.plan, office.configuration, office.places, office.environment, consent, office.open)
        screen = Screen(width=width)
        screens.show(screen.console, office.plan, seen)
        flat = " ".join(screen.text.split())
        assert "Whoever may talk to the Docker engine can see them" in flat
        assert width < 100 or words in flat
        assert all(len(line) <= width for line in screen.text.splitlines())


def test_the_review_as_it_looks(office: Office, tmp_path: Path) -> None:
    seen = outlook.look(office.plan, office.configuration, office.places, office.environment, Consent(), office.open)
    screen = Screen(width=80)
    screens.show(screen.console, office.plan, seen)
    lines = screen.text.splitlines()
    assert lines[:5] == [
        "",
        "Konnect",
        '  + control plane "ai-gateway" in eu (API Gateway)',
        "  + certificate of the data plane, pinned",
        "  + 2 services",
    ]
    assert f"    {len(seen.changes)} added, 0 changed, 0 removed in Konnect" in lines
    assert "  + data plane kong/kong-gateway:3.15" in lines
