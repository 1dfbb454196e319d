"""A store that does not answer is told once, however many workers notice, and once when it is back for all."""

from types import SimpleNamespace

import pytest

from gateway.transport import outages as room
from gateway.transport.outages import Outages

Told = list[tuple[str, str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    said: Told = []
    log = SimpleNamespace(
        error=lambda text, *values: said.append(("ERROR", text % values)),
        warning=lambda text, *values: said.append(("WARNING", text % values)),
    )
    monkeypatch.setattr(room, "_log", log)
    return said


AWAY = ("ERROR", "Redis at a:1 does not answer (refused): until it does, this node counts alone")
BACK = ("WARNING", "Redis at a:1 answers again: what was counted meanwhile is sent")


def test_it_goes_for_the_first_and_comes_back_for_the_last(told: Told) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "")
    for worker in range(3):
        outages.heard(worker, "Redis at a:1", "refused")
    outages.heard(1, "Redis at a:1", "")
    outages.heard(1, "Redis at a:1", "refused")
    for worker in range(3):
        assert told == [AWAY]
        outages.heard(worker, "Redis at a:1", "")
    assert told == [AWAY, BACK]
    outages.heard(2, "Redis at a:1", "refused")
    assert told == [AWAY, BACK, AWAY]


def test_stores_are_told_apart(told: Told) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "refused")
    outages.heard(0, "Redis at b:1", "refused")
    outages.heard(0, "Redis at a:1", "")
    assert [text.split(" (")[0] for _, text in told][:2] == [
        "Redis at a:1 does not answer",
        "Redis at b:1 does not answer",
    ]
    assert told[2] == BACK


def test_a_worker_that_ended_is_followed_by_one_that_says_itself(told: Told) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "refused")
    outages.ended(0)
    assert told == [AWAY]
    outages.heard(0, "Redis at a:1", "refused")
    assert told == [AWAY], "still the same outage"
    outages.heard(0, "Redis at a:1", "")
    assert told == [AWAY, BACK]


def test_a_store_that_is_not_used_any_more_is_not_back(told: Told) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "refused")
    outages.heard(0, "Redis at a:1", None)
    outages.heard(0, "Redis at a:1", "")
    assert told == [AWAY]
    outages.heard(0, "Redis at a:1", "refused")
    assert told == [AWAY, AWAY]
