"""What every test may use, and the policy for parts that a machine may lack: a test that needs Docker, Redis, decK
or a browser is skipped with the reason, but fails where CI=true, so that a green run there has run it."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest
from support import chromium, deck, docker_engine, namespaces, redis_servers

# How long an example takes depends on what else the machine does: a deadline would fail tests that are right.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# A shell lets what it starts in the background ignore Ctrl-C, and all that this starts would do the same.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What the tests read is English, on whatever machine they run.
os.environ["AI_GATEWAY_LANG"] = "en"

PARTS = {
    "docker": ("Docker", docker_engine.missing),
    "redis": ("Redis", redis_servers.missing),
    "browser": ("a browser", chromium.missing),
    "netns": ("network namespaces", namespaces.missing),
    "deck": ("decK", deck.missing),
}


LONG = ("e2e/test_konnect_killed", "e2e/", "install/", "integration/", "browser/", "bench/", "quickstart/")
"""Whose files take long, the longest first: what begins last is what everybody waits for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        place = item.nodeid.removeprefix("tests/")
        return next((number for number, start in enumerate(LONG) if place.startswith(start)), len(LONG))

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def gateway_log() -> Iterator[None]:
    """Tests that run parts of the gateway in their own process start its log; the next one finds it as it was."""
    log = logging.getLogger("gateway")
    handlers, propagate, level = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (name, why_not) in PARTS.items():
        if item.get_closest_marker(marker) and (missing := why_not()):
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI must run this, and {name} is not usable: {missing}", pytrace=False)
            pytest.skip(f"{name} is not usable: {missing}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The times that tests measured (`record_property("timing", text)`), wherever they ran."""
    reports = terminalreporter.getreports("passed")
    timings = [str(text) for report in reports for name, text in report.user_properties if name == "timing"]
    if timings:
        terminalreporter.section("times")
        for text in timings:
            terminalreporter.line(text)
