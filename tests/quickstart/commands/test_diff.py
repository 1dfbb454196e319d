"""`ai-gateway diff`: what somebody edited, what setup would do about it, and what changed from one apply to another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import CANARY
from support.shell import Shell, shell_in

from quickstart.local_http import request

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("diff")) as made:
        yield made


def test_edits_are_shown_against_the_last_generation(shell: Shell) -> None:
    assert shell.type("diff").stdout == "No difference.\n"
    path, body = "/services/mock-api", json.dumps({"retries": 3}).encode()
    assert request("127.0.0.1", shell.plan.ports["admin"], "PATCH", path, body).status == 200
    done = shell.type("diff")
    assert done.stdout.startswith("Edits since generation 1\n--- generation 1\n+++ now\n")
    assert "+  retries: 3" in done.stdout and "setup would change" not in done.stdout
    assert json.loads(shell.type("diff", "--json").stdout) == {
        "edits": [
            {"change": "changed", "what": "service mock-api", "field": "retries", "old": "5", "new": "3"},
        ],
        "pending": [],
    }  # fmt: skip
    shell.type("limit", "mock", "1000000/h", "--yes")
    assert "+  retries: 3" in shell.type("diff", "1").stdout
    one, two = shell.type("diff", "1", "2").stdout, shell.type("diff", "2", "3").stdout
    assert "+  retries: 3" in one and "rate-limiting" not in one
    assert "retries" not in two and "+- name: ai-rate-limiting-advanced" in two
    assert "vault://env/mock-auth-header" not in one and CANARY not in one + two


def test_what_cannot_be_compared(shell: Shell, tmp_path: Path) -> None:
    assert shell.type("diff", "99").returncode == 2
    assert shell.type("diff", "1", "2", "3").returncode == 2
    nothing = Shell(tmp_path).type("diff")
    assert nothing.returncode == 3 and "ai-gateway setup" in nothing.stderr
