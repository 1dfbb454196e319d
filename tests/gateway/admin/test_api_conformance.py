"""What a real Kong 3.9.1 with a database answered, this Admin API answers too: 95 of 100 exchanges at least. Each that
differs is listed with its reason, and a listed one that does not differ any more is to be taken off the list."""

from __future__ import annotations

import functools
import itertools
import json
import uuid
from typing import Any
from unittest import mock

import pytest
from support.admin_api import Admin, request
from support.recorded_admin import DEVIATIONS, Replay, scenarios

from gateway.counters import Counters
from gateway.entities import Config
from gateway.transport.compiling import compile_snapshot

SCENARIOS = scenarios()
LISTED = {
    (entry["scenario"], step): entry["reason"]
    for entry in json.loads(DEVIATIONS.read_text())
    for step in entry["steps"]
}


@functools.cache
def replayed(name: str) -> dict[str, list[str]]:
    """Step -> how its answer differs, for every step of a scenario that counts."""
    admin = Admin()
    admin.api.metrics = lambda: b"# HELP x\n"
    admin.now = 1_795_321_968.0
    counters = Counters.create()

    def check(config: Config) -> object:
        return compile_snapshot(config, admin.settings, {"counters": counters}, environment={})

    admin.store.check = check

    def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
        host = headers.pop("Host", "127.0.0.1:8001")
        admin.now += 0.001
        answer = admin.handle(request(method, path, body, headers, host=host))
        return answer.status, answer.body

    run = Replay(send)
    # in rising order and behind the clients' own: a page of a list in the order of ids is always the same then
    ids = (uuid.UUID(int=(0xF0000000 << 96) + number) for number in itertools.count())
    try:
        with mock.patch("gateway.admin.writes.uuid.uuid4", lambda: next(ids)):
            found = {step["name"]: run.differences(step) for step in SCENARIOS[name]}
    finally:
        counters.close()
    return {step["name"]: found[step["name"]] for step in SCENARIOS[name] if not step.get("unstable")}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recorded_scenario(name: str) -> None:
    new = {step: found for step, found in replayed(name).items() if found and (name, step) not in LISTED}
    assert not new, "\n".join(f"{step}: {difference}" for step, found in new.items() for difference in found)
    gone = [step for (scenario, step) in LISTED if scenario == name and not replayed(name).get(step)]
    assert not gone, f"these agree now, or are not there: take them off {DEVIATIONS.name}"


def test_nineteen_of_twenty_agree() -> None:
    counted = [found for name in SCENARIOS for found in replayed(name).values()]
    assert len(counted) > 1000
    assert sum(not found for found in counted) >= 0.95 * len(counted)


def test_every_reason_is_one_that_was_allowed() -> None:
    kinds = {entry["because"] for entry in json.loads(DEVIATIONS.read_text())}
    assert kinds <= {"stricter on purpose", "more than Kong has", "a bug of Kong's", "a part that is not here"}
    assert all(LISTED.values())
