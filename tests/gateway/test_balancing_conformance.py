"""Upstreams and retries against what a real Kong 3.9.1 did. Which of several targets a hash falls to is its own; that a
key always meets the same one is not. Configurations that Kong refuses: entities/test_declarative_conformance.py."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, TestRuntime, Told

from gateway.values import UpstreamError

DATA = Path(__file__).parents[1] / "conformance" / "kong-3.9.1.balance.json"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text())
LETTERS = {8974: "a", 8975: "b", 8976: "c"}
DEAD = 8977
PORTS = {letter: port for port, letter in LETTERS.items()}
DASHES = "a header with a dash in its name is found; Kong looks it up under a name that no header has"
DEVIATIONS = {
    "consistent-hashing by header, equal weights": DASHES,
    "round-robin with hash_on header (hash is ignored?)": DASHES,
}


def having(field: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in CASES if field in case and case["config_status"] == 201]


class Targets:
    """The recorder's three targets, and the port where nobody listens."""

    def __init__(self) -> None:
        self.moods: dict[str, Any] = {}
        self.seen: list[str] = []

    def __call__(self, sent: Sent) -> Answer:
        port = sent.origin.port
        if sent.origin.host.endswith(".invalid"):
            return Answer(error=UpstreamError("dns", "no such host", False))
        if port == DEAD:
            return Answer(error=UpstreamError("refused", "connection refused", False))
        letter = LETTERS[port]
        self.seen.append(letter)
        mood = self.moods.get(letter, "ok")
        if mood == "close":
            return Answer(error=UpstreamError("closed", "it closed the connection", True))
        if isinstance(mood, list):
            return Answer(error=UpstreamError("timeout", "silent for 0.2 s", True))
        body = b'{"port":%d}' % port
        return Answer(mood if isinstance(mood, int) else 200, {"Content-Type": "application/json"}, body)


def ask(gateway: Gateway, targets: Targets, request: dict[str, Any]) -> Told:
    headers = request.get("headers", [["Host", "h.test"]])
    return gateway.ask(request["method"], request["target"], headers, request.get("body") or "", answer=targets)


@pytest.mark.parametrize("case", [case for case in having("counts") if "at once" not in case.id])
def test_one_at_a_time(case: dict[str, Any]) -> None:
    gateway, targets = Gateway(case["table"]), Targets()
    for _ in range(300):
        ask(gateway, targets, {"method": "GET", "target": "/b"})
    assert Counter(targets.seen) == case["counts"]
    if "round-robin" in case["name"]:  # the same shares all the time, wherever it starts
        period = len(set(case["first_30"])) if "equal" in case["name"] else 3
        first = Counter(targets.seen[:period])
        assert all(Counter(targets.seen[at : at + period]) == first for at in range(300 - period))


@pytest.mark.parametrize("case", [case for case in having("counts") if "at once" in case.id])
def test_twelve_at_once_with_a_slow_one(case: dict[str, Any]) -> None:
    """A clock of our own: a takes 40 ticks, the others 1."""
    gateway = Gateway(case["table"])
    running: list[tuple[int, Any]] = []
    counts: Counter[str] = Counter()
    for tick in range(2000):
        for due, exchange in [entry for entry in running if entry[0] <= tick]:
            exchange.head(200, b"OK", [])
            exchange.end()
            exchange.finish(200, 0, False)
            running.remove((due, exchange))
        while len(running) < 12 and sum(counts.values()) < 120:
            exchange = gateway.exchange("GET", "/b")
            letter = LETTERS[exchange.start().origin.port]  # type: ignore[union-attr]
            counts[letter] += 1
            running.append((tick + (40 if letter == "a" else 1), exchange))
    if case["name"].startswith("least"):
        assert counts["a"] <= 8
        assert abs(counts["b"] - counts["c"]) <= 12
    else:
        assert counts == case["counts"]


@pytest.mark.parametrize("case", having("requests"))
def test_hashing(case: dict[str, Any]) -> None:
    gateway, targets = Gateway(case["table"]), Targets()
    met: list[set[str]] = []
    for wanted in case["requests"]:
        targets.seen.clear()
        told = None
        for _ in wanted["targets"]:
            told = ask(gateway, targets, wanted["request"])
        sticks = len(set(wanted["targets"])) == 1
        assert (len(set(targets.seen)) == 1) == sticks, targets.seen
        assert told is not None
        given = [re.sub(r"=[0-9a-f-]{36};", "=<volatile uuid>;", value) for value in told.all("set-cookie")]
        # browsers know SameSite; the attribute's name in the recording is a slip
        assert given == [value.replace("Same-Site", "SameSite") for value in wanted.get("set_cookie") or []]
        met.append(set(targets.seen))
    spread = len({letter for wanted in case["requests"] for letter in wanted["targets"]}) > 1
    if len(case["requests"]) >= 8 and (spread or case["name"] in DEVIATIONS):
        assert len(set.union(*met)) > 1  # not everybody at one target


@pytest.mark.parametrize("case", [case for case in having("steps") if not case.id.startswith("active")])
def test_steps(case: dict[str, Any]) -> None:
    gateway, targets = Gateway(case["table"], runtime=TestRuntime()), Targets()
    for step in case["steps"]:
        targets.moods |= step.get("upstream_change") or {}
        gateway.runtime.pass_time(step.get("wait_s", 0))
        targets.seen.clear()
        request = {**step["request"], "headers": [["Host", "h.test"], ["Accept", "text/plain"]]}
        statuses, bodies = [], []
        for wanted in step["responses"]:
            if (wanted.get("body") or "").startswith("{\n"):
                request["headers"] = [["Host", "h.test"]]
            told = ask(gateway, targets, request)
            statuses.append(told.status)
            bodies.append(re.sub(r"(request_id\"?: ?\"?)[0-9a-f]{32}", r"\1<volatile>", told.body.decode()))
        # who is first is chance there; a table in which the targets differ in nothing may begin with either
        assert sorted(statuses) == sorted(wanted["status"] for wanted in step["responses"])
        assert sorted(bodies) == sorted(
            wanted.get("body") or f'{{"port":{PORTS[wanted["target"]]}}}' for wanted in step["responses"]
        )
        assert dict(Counter(targets.seen)) == {name: count for name, count in step["attempts"].items() if count}
        balancer = next(iter(gateway.snapshot.balancers.values()))
        names = {8974: "a", 8975: "b", 8976: "c", DEAD: "dead"}
        ill = {names[peer.value.port] for peer in balancer.peers if peer.record.mark and peer.record.mark.ill}
        assert ill == {name for name, word in step["health"].items() if word == "UNHEALTHY"}


@pytest.mark.parametrize("case", having("upstream_host"))
def test_the_host_header_of_an_upstream(case: dict[str, Any]) -> None:
    told = Gateway(case["table"]).ask("GET", "/b", answer=Targets())
    assert told.sent.header("host") == case["upstream_host"]


def test_every_deviation_is_in_the_recording() -> None:
    assert set(DEVIATIONS) <= {case["name"] for case in CASES}
