"""`ai-gateway ui` as it is typed: with a browser, without one, from far away, and with a token that stays unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell, shell_in


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("ui")) as made:
        yield made


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    for name in ("xdg-open", "open"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "$@" >"{tmp_path}/asked"\n')
        program.chmod(0o755)
    return tmp_path


def url(shell: Shell) -> str:
    return f"http://127.0.0.1:{shell.plan.ports['manager']}/"


def test_a_desktop_opens_it(shell: Shell, browser: Path) -> None:
    done = shell.type("ui", PATH=f"{browser}:/usr/bin:/bin", DISPLAY=":0", KONG_ADMIN_TOKEN="t0ken-canary")
    assert done.returncode == 0 and url(shell) in done.stderr
    assert (browser / "asked").read_text() == url(shell) + "\n", "no token in an argument"


def test_without_a_display_it_is_printed(shell: Shell, browser: Path) -> None:
    done = shell.type("ui", PATH=f"{browser}:/usr/bin:/bin", DISPLAY="", WAYLAND_DISPLAY="")
    assert url(shell) in done.stdout + done.stderr
    assert shell.type("ui", "--print").stdout == url(shell) + "\n"


def test_over_ssh_the_tunnel_is_printed(shell: Shell, browser: Path) -> None:
    far = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22", "DISPLAY": ":0"}
    done = shell.type("ui", PATH=f"{browser}:/usr/bin:/bin", **far)
    port = shell.plan.ports["manager"]
    assert f"ssh -L {port}:127.0.0.1:{port} " in done.stdout and "@192.0.2.1" in done.stdout
    assert not (browser / "asked").exists()
    document = json.loads(shell.type("ui", "--json", **far).stdout)
    assert document["url"] == url(shell) and document["tunnel"].startswith("ssh ") and not document["opened"]


def test_a_stopped_gateway_says_what_to_type(shell: Shell) -> None:
    shell.runner.stop()
    done = shell.type("ui")
    assert done.returncode == 3 and "ai-gateway start" in done.stderr
