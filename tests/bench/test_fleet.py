"""The measurement of a fleet runs, in short form; what it prints is for docs/fleet.md."""

from __future__ import annotations

import sys

import pytest
from bench import fleet
from bench.measuring import missing


@pytest.mark.redis
@pytest.mark.timeout(180)
def test_it_measures_a_node_its_redis_and_open_streams(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := missing():
        pytest.skip(why)
    monkeypatch.setattr(sys, "argv", ["fleet.py", "--seconds", "1", "--rounds", "1"])
    assert fleet.main() == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| /")]
    assert len(rows) == 8 and not [row for row in rows if row[6]], "no request failed"
    costs = {(row[1], row[2]): (float(row[3]), row[4]) for row in rows}
    assert all(gateway > 0 for gateway, _ in costs.values())
    # the more come at once, the more of them one round trip carries, and the less each costs a Redis
    assert float(costs["/chat-shared", "256"][1]) < float(costs["/chat-shared", "1"][1])
    assert any("memory of an open stream" in line for line in lines)
