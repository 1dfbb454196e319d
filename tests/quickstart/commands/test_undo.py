"""`ai-gateway undo` as it is typed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import free_ports
from support.shell import Shell, shell_in

from quickstart.plan import LISTENERS

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


def test_back_and_forth(shell: Shell) -> None:
    shell.apply(shell.with_model("gpt-6.1-terra"), test=False)
    done = shell.type("undo", "--yes")
    assert done.returncode == 0, done.stderr
    assert "-          name: gpt-6.1-terra" in done.stderr and "+          name: gpt-6-luna" in done.stderr
    assert "Applied as generation 3, without a restart." in done.stdout
    assert shell.asked_model == "gpt-6-luna", "every route was tried"
    told = json.loads(shell.type("undo", "2", "--json").stdout)
    assert (told["restored"], told["generation"], told["routes"][0]["health"]) == (2, 4, "ok")
    assert shell.asked_model == "gpt-6.1-terra"
    again = shell.type("undo", "9")
    assert again.returncode == 2 and "kept: 1 to 4" in again.stderr


def test_other_ports_come_back_with_a_restart(shell: Shell) -> None:
    moved = shell.changed(ports=dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)))
    shell.apply(moved, test=False)
    looked = shell.type("undo", "--dry-run")
    assert "restarted" in looked.stderr and shell.ask(moved).status == 200
    done = shell.type("undo", "--yes")
    assert done.returncode == 0, done.stderr
    assert shell.ask().status == 200
    told = json.loads(shell.type("status", "--json").stdout)
    assert told["listeners"]["proxy"].endswith(str(shell.plan.ports["proxy"]))


def test_nothing_to_go_back_to(shell: Shell) -> None:
    done = shell.type("undo", "--yes")
    assert done.returncode == 2 and "no earlier generation" in done.stderr
    assert dataclasses.asdict(shell.plan)["ports"]
