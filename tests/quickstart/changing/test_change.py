"""A change is whole or not at all, with the gateway running or not, and whoever edits at the same moment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.launched import CANARY, SECRET, Launched
from support.reconciling import edited, row_called

from quickstart import admin_client, deployment
from quickstart.changing.change import Subject, Wanted
from quickstart.errors import EnvironmentProblem, KonnectError, QuickstartError
from quickstart.local_http import request
from quickstart.plan import KonnectPlan, Plan
from quickstart.reconcile import deck_file
from quickstart.reconcile.generations import History
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.situation import Situation

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        made.apply(test=False)
        yield made


def subject(home: Launched) -> Subject:
    return Subject(home.places, os.environ, home.console)


def three_retries(now: Situation) -> Wanted:
    assert now.running is not None
    rows = edited(now.running, "services", "mock-api", retries=3)
    return Wanted(Wish("a test", ancestor=now.running, configuration=deck_file.text(rows)))


def retries(home: Launched) -> object:
    running = subject(home).look().running
    assert running is not None
    return row_called(running, "services", "mock-api")["retries"]


def test_without_a_setup_there_is_nothing_to_change(tmp_path: Path) -> None:
    with Launched(tmp_path) as made, pytest.raises(EnvironmentProblem, match="Nothing is set up yet"):
        subject(made)


def test_a_running_gateway_takes_it_up_and_setup_keeps_it(home: Launched) -> None:
    pid = home.pid
    proposed = subject(home).propose(three_retries)
    assert retries(home) == 5, "proposing changes nothing"
    done = subject(home).change(three_retries)
    assert (done.live, done.generation, retries(home), home.pid) == (True, 2, 3, pid)
    assert done.proposal.rows == proposed.rows
    assert "retries: 3" in (home.plan.output_dir / "kong.yml").read_text()
    assert home.apply(test=False).unchanged
    home.apply(home.with_model("gpt-6.1-terra"), test=False)
    assert (retries(home), home.pid) == (3, pid)
    assert subject(home).change(three_retries).generation == 0, "nothing to do"


def test_at_rest_it_is_kept_for_the_next_start(home: Launched) -> None:
    home.runner.stop()
    done = subject(home).change(three_retries)
    assert (done.live, done.generation, retries(home)) == (False, 2, 3)
    assert not home.runner.status().running
    home.apply(test=False)
    assert retries(home) == 3


def test_a_change_that_is_refused_leaves_everything_as_it_was(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    before = home.files()

    def refuse(plan: Plan, configuration: str, tag: str = "") -> None:
        raise QuickstartError("the gateway refused")

    monkeypatch.setattr(admin_client, "push", refuse)
    with pytest.raises(QuickstartError, match="refused"):
        subject(home).change(three_retries)
    assert (home.files(), retries(home), History(home.places.history).numbers()) == (before, 5, [1])


def test_whoever_edits_at_the_same_moment_loses_nothing(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    push, raced = admin_client.push, []

    def late(plan: Plan, configuration: str, tag: str = "") -> None:
        if len(raced) < 2:
            raced.append("edit")
            body = json.dumps({"read_timeout": 1000 + len(raced)}).encode()
            request("127.0.0.1", plan.ports["admin"], "PATCH", "/services/mock-api", body)
        push(plan, configuration, tag)

    monkeypatch.setattr(admin_client, "push", late)
    assert subject(home).change(three_retries).live
    running = subject(home).look().running
    assert running is not None
    row = row_called(running, "services", "mock-api")
    assert (row["retries"], row["read_timeout"]) == (3, 1002)


def test_secrets_are_added_and_never_told(home: Launched) -> None:
    def key(now: Situation) -> Wanted:
        return Wanted(Wish("key"), {SECRET: f"Bearer {CANARY}-2"})

    home.upstream.key = f"{CANARY}-2"
    done = subject(home).change(key)
    assert (done.live, done.generation, home.ask().status) == (True, 2, 200)
    assert CANARY not in repr(key(subject(home).look())) + repr(done)


def test_what_konnect_configures_is_not_changed_here(home: Launched) -> None:
    record = deployment.require(home.places.deployment)
    there = replace(record, plan=replace(record.plan, konnect=KonnectPlan("ai-gateway", "eu", "gateway", "x")))
    home.places.deployment.write_text(deployment.to_text(there))
    with pytest.raises(KonnectError, match="configured by Konnect"):
        subject(home)
