"""A short form of tests/bench/change_among_many.py: one change among many routes and consumers is live at once, and no
request fails or waits for it. The bounds are wide: they are for what would be tenfold.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from bench.change_among_many import Upstream, document, traffic
from support.gateway_process import GatewayProcess, ask

MANY = 3000
CHANGES = 8


@pytest.mark.timeout(120)
def test_one_change_among_many_is_live_at_once_and_delays_nobody(tmp_path: Path) -> None:
    file = tmp_path / "kong.yml"
    settings = {"KONG_PREFIX": str(tmp_path / "prefix"), "KONG_NGINX_WORKER_PROCESSES": "2"}
    with Upstream() as upstream:
        file.write_text(json.dumps(document(MANY, upstream.url)))
        with GatewayProcess(file, settings) as gateway:
            changes: list[float] = []

            def change(stop: threading.Event) -> None:
                for number in range(CHANGES):
                    path = f"/changed-{number}"
                    started = time.perf_counter()
                    assert (
                        ask(gateway.ports["ADMIN"], "PATCH", f"/routes/r{MANY // 2}", {"paths": [path]}).status == 200
                    )
                    changes.append(time.perf_counter() - started)
                    for _ in range(6):  # connections of their own, which fall to either worker
                        assert ask(gateway.ports["PROXY"], "GET", path, headers={"apikey": "key-1"}).status == 200

            took, failed = traffic(gateway.ports["PROXY"], change)
            assert failed == 0
            assert sorted(changes)[CHANGES // 2] < 1.5
            assert took[int(len(took) * 0.99)] < 0.5
