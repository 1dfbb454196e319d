"""Messages of the gateway's own on standard error."""

from __future__ import annotations

import logging
import re

import pytest

from gateway.transport.logs import start_logging


def test_one_line_each_from_the_level_up(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("warn")
    start_logging("warn")
    log = logging.getLogger("gateway")
    log.info("not said")
    log.warning("said %d", 1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[WARNING\] said 1\n", captured.err)


@pytest.mark.parametrize(("level", "says"), [("debug", True), ("notice", True), ("error", False), ("emerg", False)])
def test_kongs_levels(level: str, says: bool) -> None:
    start_logging(level)
    assert logging.getLogger("gateway").isEnabledFor(logging.INFO) is says
