"""Ten changes of the configuration and one of the key, each by another way, while requests and streams go on."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_engine import base_image
from support.gateway_process import eventually
from support.launched import SECRET, Launched
from support.paced_upstream import Crowd, PacedUpstream
from support.setups import a_route

from quickstart.changing import documents, limits, rotation, undoing
from quickstart.changing.change import Done, Subject, Wanted
from quickstart.containers import DockerRunner
from quickstart.local_http import request
from quickstart.reconcile import deck_file
from quickstart.reconcile.generations import History
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.rows import nothing
from quickstart.reconcile.situation import Situation

pytestmark = [pytest.mark.timeout(300)]
REQUESTS, STREAMS, CHANGES = 5000, 50, 10
EVENTS = 4 * (CHANGES + 2)
MORE = """
_format_version: "3.0"
services:
- name: mine
  url: http://127.0.0.1:9
  routes:
  - {name: mine, paths: [/mine]}
"""


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        if request.param == "docker":
            made.plan = made.changed(runtime="docker", host_network=True, base_image=base_image())
        yield made
        if request.param == "docker":
            docker = DockerRunner(made.places, os.environ)
            docker.remove()
            assert not docker.leftovers()


def started(home: Launched) -> float | None:
    """When the gateway that runs now was started: another one would say another time."""
    subject = Subject(home.places, os.environ, home.console)
    return subject.runner.status().since


class Changing:
    """The ways to change what runs, one after the other."""

    def __init__(self, home: Launched) -> None:
        self.home = home
        self.subject = Subject(home.places, os.environ, home.console)

    def steps(self) -> list[Callable[[], object]]:
        return [
            lambda: self.model("gpt-1"),
            lambda: self.limit("10000000/60s"),
            self.edit_in_the_manager,
            lambda: self.model("gpt-2"),
            lambda: self.subject.change(documents.wanting(MORE, "the file", False)),
            lambda: self.limit("20000000/60s", "30000000/1h"),
            lambda: self.subject.change(undoing.wanting(undoing.goal(self.subject, None))),
            lambda: self.model("gpt-3"),
            self.edit_in_the_manager,
            lambda: self.model("gpt-4"),
        ]

    def model(self, name: str) -> None:
        result = self.home.apply(self.home.with_model(name), test=False)
        assert result.changed == ("configuration",) and not result.restarted

    def limit(self, *words: str) -> Done:
        def wanted(now: Situation) -> Wanted:
            rows = now.running or nothing()
            where = limits.scope("mock", self.home.plan, rows)
            new = limits.limited(rows, where, [limits.parse(word) for word in words])
            return Wanted(Wish("limit mock", ancestor=rows, configuration=deck_file.text(new)))

        return self.subject.change(wanted)

    def edit_in_the_manager(self) -> None:
        port = self.home.plan.ports["admin"]
        listed = request("127.0.0.1", port, "GET", "/routes/mock-api_mock-chat/plugins")
        row: dict[str, Any] = next(row for row in json.loads(listed.body)["data"] if row["name"] == "ai-proxy")
        options = row["config"]["model"]["options"]
        options["max_tokens"] = (options["max_tokens"] or 255) + 1
        saved = request("127.0.0.1", port, "PATCH", f"/plugins/{row['id']}", json.dumps(row).encode())
        assert saved.status == 200, saved.body


def test_no_request_fails_and_no_event_is_lost(home: Launched, record_property: Callable[[str, object], None]) -> None:
    with PacedUpstream(EVENTS) as upstream:
        route = a_route(upstream.port, model="gpt-0", auth_header="Authorization", secret=SECRET)
        home.plan = dataclasses.replace(home.plan, routes=(route,), secrets={SECRET: "Bearer sk-old"})
        home.apply(test=False)
        since = started(home)
        crowd = Crowd(home.plan.ports["proxy"], "/mock/chat")
        crowd.start(STREAMS, clients=12)
        eventually(lambda: upstream.begun == STREAMS, "every stream to begin")
        changing = Changing(home)
        steps = changing.steps()
        assert len(steps) == CHANGES
        for number, step in enumerate(steps):
            crowd.wait_for(number * REQUESTS // CHANGES)
            step()
            upstream.release(4 * (number + 1))  # every stream goes on a little between two changes
        assert set(upstream.keys) == {"Bearer sk-old"}
        whose = rotation.owner(home.plan, home.places, "mock")
        assert rotation.rotate(changing.subject, whose, "Bearer sk-new").live
        crowd.wait_for(max(crowd.answered + 2 * (upstream.keys.maxlen or 0), REQUESTS))
        assert set(upstream.keys) == {"Bearer sk-new"}
        upstream.release(EVENTS)
        crowd.finish()
        assert crowd.failures == []
        assert crowd.answered >= REQUESTS
        assert crowd.streamed == [list(range(EVENTS))] * STREAMS
        assert {f"gpt-{number}" for number in range(5)} <= upstream.models
        assert started(home) == since, "it is still the same gateway"
        applied = [item.entry.made_by for item in History(home.places.history).all()]
        assert (applied.count("setup"), applied.count("edits")) == (5, 2)
        listed = request("127.0.0.1", home.plan.ports["admin"], "GET", "/routes/mock-api_mock-chat/plugins")
        proxy = next(row for row in json.loads(listed.body)["data"] if row["name"] == "ai-proxy")
        assert proxy["config"]["model"]["options"]["max_tokens"] == 257, "both edits are there"
        told = f"{crowd.answered} requests, {STREAMS} streams of {EVENTS} events, {CHANGES} changes: no failure"
        record_property("timing", f"reconfiguring ({home.plan.runtime}): {told}")


def test_counts_of_limits_outlive_changes(home: Launched) -> None:
    home.apply(test=False)
    changing = Changing(home)
    changing.limit("1000/1d")

    def left() -> int:
        return int(home.ask().headers["x-ai-ratelimit-remaining-day-openai"])

    home.ask()
    before = left()
    assert before < 1000
    changing.model("gpt-1")
    changing.edit_in_the_manager()
    changing.model("gpt-2")
    assert left() < before
    ready = request("127.0.0.1", home.plan.ports["status"], "GET", "/status/ready")
    assert ready.status == 200
