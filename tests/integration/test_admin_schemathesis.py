"""Schemathesis asks a running gateway whatever its own description of the Admin API allows, and what it forbids: there
is never an answer that something went wrong inside.

The run of every day is short and always the same. A long one, of some 200,000 requests and new ones each time, which
takes one core a quarter of an hour:

    SCHEMATHESIS_ARGUMENTS='--phases=coverage,fuzzing,stateful --max-examples=120' \\
        pytest tests/integration/test_admin_schemathesis.py
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.gateway_process import GatewayProcess, ask

SHORT = "--phases=fuzzing --max-examples=12 --seed=1 --generation-database=none"
ARGUMENTS = os.environ.get("SCHEMATHESIS_ARGUMENTS", SHORT).split()
CHECKS = ("--checks=not_a_server_error", "--continue-on-failure", "--no-shrink", "--warnings=off", "--no-color")


@pytest.mark.timeout(3600)
def test_no_request_that_can_be_described_makes_the_admin_api_fail(
    sdk: Callable[[str], Path], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file = tmp_path / "kong.yml"
    file.write_text('_format_version: "3.0"\n')
    program = sdk("schemathesis").with_name("st")
    # without a proxy nobody makes the plugins that come out of this write files or call places
    settings = {"KONG_PROXY_LISTEN": "off", "KONG_NGINX_WORKER_PROCESSES": "1", "KONG_PREFIX": str(tmp_path / "kept")}
    with GatewayProcess(file, settings) as gateway:
        described = f"http://127.0.0.1:{gateway.ports['ADMIN']}/openapi.json"
        kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
        done = subprocess.run(
            [str(program), "run", described, *CHECKS, "--request-timeout=30", *ARGUMENTS],
            cwd=tmp_path, env={**kept, "HOME": str(tmp_path)}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert ask(gateway.ports["ADMIN"], "GET", "/status").status == 200, "it still answers"
    found = re.search(r"(\d+) generated", done.stdout)
    assert found and int(found[1]) > 1000, done.stdout[-2000:]
    assert "unexpected" not in gateway.log.read_text()
    record_property("timing", f"Schemathesis: {found[1]} Admin requests, none answered with a 5xx")
