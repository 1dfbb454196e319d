"""Whatever goes wrong on the way, the previous files and the previous gateway are back, and it serves."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import free_ports
from support.launched import Launched
from support.setups import a_route

from quickstart import admin_client
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem, PortTaken, QuickstartError
from quickstart.files import Places
from quickstart.local_http import listens
from quickstart.plan import LISTENERS, Plan, Runtime
from quickstart.processes import ProcessRunner


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        yield made


def moved(home: Launched) -> Plan:
    return home.changed(ports=dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)))


class Failing(ProcessRunner):
    """Fails once, after the new gateway was really started."""

    def __init__(self, places: Places, environ: Mapping[str, str], fail: Callable[[], None]) -> None:
        super().__init__(places, environ)
        self.fail: Callable[[], None] | None = fail

    def start(self, deployment: Deployment) -> None:
        super().start(deployment)
        if self.fail is not None:
            fail, self.fail = self.fail, None
            fail()


def failing(fail: Callable[[], None]) -> Any:
    def runners(runtime: Runtime, places: Places, environ: Mapping[str, str]) -> ProcessRunner:
        return Failing(places, environ, fail)

    return runners


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def told_to_end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def broken() -> None:
    raise RuntimeError("a bug")


CASES = [(ctrl_c, KeyboardInterrupt), (told_to_end, KeyboardInterrupt), (broken, RuntimeError)]


@pytest.mark.parametrize(("fail", "error"), CASES)
def test_the_previous_gateway_is_back(fail: Callable[[], None], error: type[BaseException], home: Launched) -> None:
    home.apply()
    before = home.files()
    changed = moved(home)
    with pytest.raises(error):
        home.apply(changed, runners=failing(fail))
    assert home.files() == before
    assert home.ask().status == 200
    assert not any(listens("127.0.0.1", port) for port in changed.ports.values())
    assert home.apply().unchanged


@pytest.mark.parametrize(("fail", "error"), CASES)
def test_a_first_setup_that_fails_leaves_nothing_running_and_no_file(
    fail: Callable[[], None], error: type[BaseException], home: Launched
) -> None:
    with pytest.raises(error):
        home.apply(runners=failing(fail))
    assert home.files() == {}
    assert not home.runner.status().running
    assert not any(listens("127.0.0.1", port) for port in home.plan.ports.values())


def test_a_port_that_is_taken_in_between_is_named_and_the_previous_gateway_serves(home: Launched) -> None:
    home.apply()
    before, changed = home.files(), moved(home)
    with socket.create_server(("127.0.0.1", changed.ports["files"])):
        with pytest.raises(PortTaken, match=f"Port {changed.ports['files']} \\(files\\).*pid {os.getpid()}"):
            home.apply(changed)
        assert home.files() == before
        assert home.ask().status == 200


def test_a_gateway_that_cannot_start_is_told_with_its_last_words(
    home: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.apply()
    before = home.files()
    refused = home.changed(workers=0)  # the gateway refuses this, and says so
    with pytest.raises(EnvironmentProblem, match="did not start") as caught:
        home.apply(refused)
    assert "KONG_NGINX_WORKER_PROCESSES" in caught.value.hint
    assert home.files() == before
    assert home.ask().status == 200


def test_a_live_change_that_fails_after_it_took_effect_is_taken_back(
    home: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.apply()
    before, pid, push = home.files(), home.pid, admin_client.push
    pushed: list[str] = []

    def once(plan: Plan, configuration: str, tag: str = "") -> None:
        push(plan, configuration, tag)
        pushed.append(configuration)
        if len(pushed) == 1:
            raise QuickstartError("the connection broke after it was applied")

    monkeypatch.setattr(admin_client, "push", once)
    with pytest.raises(QuickstartError, match="broke after"):
        home.apply(home.with_model("gpt-6.1-terra"))
    assert (home.files(), home.pid) == (before, pid)
    assert home.ask().status == 200
    assert home.asked_model == "gpt-6-luna"


def test_a_step_back_that_fails_is_told_and_the_rest_is_done(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    home.apply()
    before = home.files()

    def refuse(plan: Plan, configuration: str, tag: str = "") -> None:
        raise QuickstartError("the gateway is deaf")

    monkeypatch.setattr(admin_client, "push", refuse)
    with pytest.raises(QuickstartError, match="deaf"):
        home.apply(home.with_model("gpt-6.1-terra"))
    assert "could not give the running gateway its old configuration" in home.console.text
    assert home.files() == before


def test_an_output_directory_that_must_not_be_used_stops_before_anything_changes(home: Launched) -> None:
    home.apply()
    before, pid = home.files(), home.pid
    (home.folder / "link").symlink_to(home.folder)
    with pytest.raises(EnvironmentProblem, match="symbolic link"):
        home.apply(home.changed(output_dir=home.folder / "link", routes=(a_route(1),)))
    assert (home.files(), home.pid) == (before, pid)
