"""A store that does not answer is told once, however many workers notice, and once when it is back for all."""

import logging

import pytest

from gateway.transport.outages import Outages


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("gateway"), "propagate", True)
    caplog.set_level(logging.DEBUG, "gateway")
    return caplog


def lines(told: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in told.records]


AWAY = ("ERROR", "Redis at a:1 does not answer (refused): until it does, this node counts alone")
BACK = ("WARNING", "Redis at a:1 answers again: what was counted meanwhile is sent")


def test_it_goes_for_the_first_and_comes_back_for_the_last(told: pytest.LogCaptureFixture) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "")
    for worker in range(3):
        outages.heard(worker, "Redis at a:1", "refused")
    outages.heard(1, "Redis at a:1", "")
    outages.heard(1, "Redis at a:1", "refused")
    for worker in range(3):
        assert lines(told) == [AWAY]
        outages.heard(worker, "Redis at a:1", "")
    assert lines(told) == [AWAY, BACK]
    outages.heard(2, "Redis at a:1", "refused")
    assert lines(told) == [AWAY, BACK, AWAY]


def test_stores_are_told_apart(told: pytest.LogCaptureFixture) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "refused")
    outages.heard(0, "Redis at b:1", "refused")
    outages.heard(0, "Redis at a:1", "")
    assert [text.split(" (")[0] for _, text in lines(told)][:2] == [
        "Redis at a:1 does not answer",
        "Redis at b:1 does not answer",
    ]
    assert lines(told)[2] == BACK


def test_a_worker_that_ended_is_followed_by_one_that_says_itself(told: pytest.LogCaptureFixture) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "refused")
    outages.ended(0)
    assert lines(told) == [AWAY]
    outages.heard(0, "Redis at a:1", "refused")
    assert lines(told) == [AWAY], "still the same outage"
    outages.heard(0, "Redis at a:1", "")
    assert lines(told) == [AWAY, BACK]


def test_a_store_that_is_not_used_any_more_is_not_back(told: pytest.LogCaptureFixture) -> None:
    outages = Outages()
    outages.heard(0, "Redis at a:1", "refused")
    outages.heard(0, "Redis at a:1", None)
    outages.heard(0, "Redis at a:1", "")
    assert lines(told) == [AWAY]
    outages.heard(0, "Redis at a:1", "refused")
    assert lines(told) == [AWAY, AWAY]
