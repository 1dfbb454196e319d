"""`ai-gateway check` as it is typed: a real request per route, what it used, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import CANARY
from support.shell import Shell, shell_in

from quickstart import proofs


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("check")) as made:
        yield made


def test_every_route_is_asked_and_told_with_its_tokens(shell: Shell) -> None:
    before = len(shell.upstream.asked)
    done = shell.type("check")
    assert done.returncode == 0, done.stderr
    assert "/mock/chat" in done.stdout and "/v1/chat/completions" in done.stdout
    assert done.stdout.endswith("Routes that answered: 2. Tokens used: 36.\n")
    assert len(shell.upstream.asked) == before + 2
    assert CANARY not in done.stdout + done.stderr


def test_one_route_for_programs(shell: Shell) -> None:
    done = shell.type("check", "mock", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["unhealthy"], told["tokens"]) == (0, 0, 36)
    assert told["routes"][0]["health"] == "ok"


def test_a_route_that_there_is_not(shell: Shell) -> None:
    done = shell.type("check", "nope")
    assert done.returncode == 2 and "no route nope" in done.stderr and "mock" in done.stderr


def test_a_route_that_is_not_well_has_its_reason_and_is_kept_for_doctor(shell: Shell) -> None:
    shell.upstream.trouble = "no_credit"
    try:
        done = shell.type("check")
        told = json.loads(shell.type("check", "--json").stdout)
    finally:
        shell.upstream.trouble = ""
    assert done.returncode == 5
    assert "account has no API credit (429 insufficient_quota)" in done.stderr and "ai-gateway doctor" in done.stderr
    assert (told["unhealthy"], told["routes"][0]["code"]) == (1, "no_credit")
    assert proofs.load(shell.places)["mock-api_mock-chat"]["code"] == "no_credit"
    assert "no_credit" in shell.type("doctor", "--json").stdout


def test_a_stopped_gateway_and_no_gateway(shell: Shell, tmp_path: Path) -> None:
    shell.runner.stop()
    done = shell.type("check")
    assert done.returncode == 3 and "ai-gateway start" in done.stderr
    done = shell.type("check", HOME=str(tmp_path))
    assert done.returncode == 3 and "ai-gateway setup" in done.stderr
