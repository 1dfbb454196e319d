"""What a worker holds is what it was given, and costs what a worker needs."""

from __future__ import annotations

import subprocess
import sys

from support.house import ROOT

from gateway.entities import Config
from gateway.rows import Rows

NOT_FOR_WORKERS = (
    *("yaml", "email", "html", "tempfile", "gateway.entities", "gateway.admin", "gateway.store"),
    *("re2", "redis", "gateway.transport.redis_stores", "gateway.dialects"),
)
"""Each of them takes up to 3 MB; a worker reads no files of configuration and answers nothing of the Admin side. RE2
comes with the first pattern, redis with the first store, dialects with the first client that speaks one."""
TOLD = """
import sys
import gateway.transport.worker
from gateway.plugins import plugin_class
from gateway.providers import get
plugin_class("ai-proxy"), plugin_class("key-auth"), get("openai")
print("\\n".join(sys.modules))
"""


def test_rows_are_the_very_ones_that_were_given() -> None:
    given = {"routes": {"1": {"id": "1"}}}
    assert Rows(given).collections is given
    assert isinstance(Config(), Rows)


def test_a_worker_does_not_load_what_only_the_control_process_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOLD],
        env={"PYTHONPATH": str(ROOT / "gateway_image")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "gateway.transport.worker" in loaded
    assert not [name for name in NOT_FOR_WORKERS if name in loaded]
