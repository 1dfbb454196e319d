"""What is measured beside other gateways is asked of all of them alike. The measurement itself is not for CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench import peers, scenes
from bench.measuring import CONNECTIONS, Loaded


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were: nothing is started here."""
    monkeypatch.setattr(peers, "python_of", lambda name: Path("bin/python"))
    monkeypatch.setattr(peers, "npm_packages", lambda folder: Path("node_modules"))


@pytest.mark.parametrize("name", peers.PEERS)
def test_everyone_is_asked_the_same_question(name: str, installed: None, tmp_path: Path) -> None:
    peer = peers.PEERS[name](tmp_path, 1, 2)
    for work, ask in ((peers.CHAT, scenes.CHAT), (peers.STREAM, scenes.STREAM)):
        said = json.loads(peer.asked[work].ask.body)
        assert said.pop("model")
        assert said == json.loads(ask.body) == json.loads(peers.OURS[scenes.GATEWAY][work].ask.body)
    assert peers.DOES.keys() == {*peers.OURS, *peers.PEERS}


def test_the_versions_are_those_that_are_pinned() -> None:
    assert "LiteLLM 1." in peers.versions() and "Portkey gateway 1." in peers.versions()


@pytest.mark.parametrize(("rate", "seconds"), [(20_000.0, 2), (40.0, 8), (0.0, peers.LONGEST)])
def test_who_is_slow_is_watched_for_longer(rate: float, seconds: int) -> None:
    assert peers.lasting(Loaded(1, rate, 1.0, ""), 2) == seconds
    assert rate > 20_000 or seconds == peers.LONGEST or rate * seconds >= 10 * CONNECTIONS


def test_what_did_not_work_is_said_and_has_no_figure() -> None:
    seen = peers.Seen([10.0, 30.0, 20.0], [1.0, 3.0, 2.0])
    assert (seen.cost(), seen.latency()) == ("20 us", "2.0 ms")
    seen.trouble = "Non-2xx or 3xx responses: 3"
    assert (seen.cost(), seen.latency()) == ("Non-2xx or 3xx responses: 3", "-")
