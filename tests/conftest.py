"""What every test may use, and the policy for parts that a machine may lack: a test that needs Docker is skipped with
the reason, but fails where CI=true, so that a green run there has run it."""

from __future__ import annotations

import os

import pytest
from support import docker_engine


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("docker") and (missing := docker_engine.missing()):
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must run this, and Docker is not usable: {missing}", pytrace=False)
        pytest.skip(f"Docker is not usable: {missing}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The times that tests measured (`record_property("timing", text)`), wherever they ran."""
    reports = terminalreporter.getreports("passed")
    timings = [str(text) for report in reports for name, text in report.user_properties if name == "timing"]
    if timings:
        terminalreporter.section("times")
        for text in timings:
            terminalreporter.line(text)
