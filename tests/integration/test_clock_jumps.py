"""The wall clock is set while the gateway runs, forwards and backwards: what waits waits as before, limits go on
counting, nobody is shut out, logs and dates say the new time.

The clock is the processes' own: a module that Python loads at its start moves time.time() by what stands in a file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from support import kong_file
from support.gateway_process import GatewayProcess, ask, eventually
from support.house import ROOT
from support.paced_upstream import PacedUpstream

pytestmark = pytest.mark.timeout(120)
DAY = 86_400
MOVED = """
import os, pathlib, time
_path, _time = pathlib.Path(os.environ["CLOCK_OFFSET_FILE"]), time.time
time.time = lambda: _time() + float(_path.read_text() or 0)
"""
LIMIT = {"name": "rate-limiting", "config": {"minute": 3, "hour": 1000, "policy": "local", "limit_by": "ip"}}


class Moved(NamedTuple):
    """`set_clock` takes seconds from the real time."""

    gateway: GatewayProcess
    provider: PacedUpstream
    set_clock: Callable[[float], None]
    log: Path


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Moved]:
    offset, log = tmp_path / "offset", tmp_path / "access.log"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(MOVED)

    def set_clock(seconds: float) -> None:
        waiting = offset.with_suffix(".new")
        waiting.write_text(str(seconds))
        waiting.rename(offset)

    set_clock(0)
    with PacedUpstream(4) as provider:
        url = f"http://127.0.0.1:{provider.port}/v1/chat/completions"
        limited = {**kong_file.service("openai", url, "m"), "plugins": [LIMIT]}
        file = kong_file.write(tmp_path / "kong.yml", limited, kong_file.service("openai", url, "m", name="free"))
        settings = {
            "KONG_NGINX_WORKER_PROCESSES": "2",
            "KONG_PROXY_ACCESS_LOG": str(log),
            "CLOCK_OFFSET_FILE": str(offset),
            "PYTHONPATH": f"{tmp_path / 'site'}:{ROOT / 'gateway_image'}",
        }
        with GatewayProcess(file, settings) as gateway:
            yield Moved(gateway, provider, set_clock, log)


def days(log: Path) -> list[int]:
    """How many days from now the lines of a log are."""
    return [round((json.loads(line)["time"] - time.time()) / DAY) for line in log.read_text().splitlines()]


def test_the_clock_is_set_back_and_forth(moved: Moved) -> None:
    gateway, provider, set_clock, log = moved
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(gateway.chat, "/free/chat", stream=True)
        eventually(lambda: provider.begun == 1, "the stream to begin")
        for number, jump in enumerate((DAY, -DAY, 400 * DAY, 0), 1):
            set_clock(jump)
            provider.release(number)
            told = parsedate_to_datetime(ask(gateway.ports["PROXY"], "GET", "/nothing").headers["date"])
            assert abs(told.timestamp() - time.time() - jump) < 60
            # 400 days back the windows of before are another time's: nobody waits for those to come again
            assert [gateway.chat("/openai/chat").status for _ in range(4)] == [200, 200, 200, 429], jump
            assert ask(gateway.ports["ADMIN"], "GET", "/services").status == 200
            eventually(lambda: days(log)[-5:] == [jump // DAY] * 5, "the lines of these requests")  # noqa: B023
            assert gateway.process is not None and gateway.process.poll() is None
        assert stream.result(60).events[-1] == "[DONE]"
    assert "ended with code" not in gateway.log.read_text() and "silent" not in gateway.log.read_text()
