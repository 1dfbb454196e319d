"""The real console, and the one tests use, are what the doing rooms expect."""

from __future__ import annotations

import io

import pytest
from support.setups import Listening

from quickstart.console import Console
from quickstart.progress import Reporter


@pytest.mark.parametrize("made", [lambda: Console("human", {}, io.StringIO(), io.StringIO(), 80), Listening])
def test_a_reporter_takes_everything_that_is_reported(made: type) -> None:
    reporter: Reporter = made()
    with reporter.step("Working") as step:
        step.progress("half")
        step.note("done")
    with reporter.step("Doubting") as step:
        step.warn("not quite")
    reporter.say("a sentence")
    reporter.warn("a warning", "a hint")
