"""The built-in model: installed once, one server per user, a port that is somebody else's is never taken."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import eventually, free_ports
from support.setups import places_in

from quickstart import local_model, wheel_installer
from quickstart.errors import EnvironmentProblem, PortTaken
from quickstart.local_http import request
from quickstart.local_model import LocalModel
from quickstart.wheel_installer import InstallFailed


@pytest.fixture
def model(tmp_path: Path) -> Iterator[LocalModel]:
    made = LocalModel(places_in(tmp_path), os.environ)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModel]:
    """Installed for real, once for all tests here."""
    made = LocalModel(places_in(tmp_path_factory.mktemp("model")), os.environ)
    said: list[str] = []
    made.install(said.append)
    assert said and made.installed()
    yield made
    made.stop()


def chat(port: int, **more: Any) -> Any:
    body = {"messages": [{"role": "user", "content": "What is the capital of France?"}], "temperature": 0} | more
    answer = request("127.0.0.1", port, "POST", "/v1/chat/completions", json.dumps(body).encode(), timeout=60)
    assert answer.status == 200, answer.body
    return answer.body


@pytest.mark.model
def test_it_answers_whole_and_streamed(installed: LocalModel) -> None:
    port = installed.choose_port(free_ports(1)[0])
    assert installed.start(port)
    installed.wait(port)
    whole = json.loads(chat(port, max_tokens=16))
    assert "Paris" in whole["choices"][0]["message"]["content"]
    assert whole["usage"]["completion_tokens"] > 0 and whole["model"] == local_model.MODEL
    streamed = chat(port, max_tokens=16, stream=True, stream_options={"include_usage": True}).decode()
    assert streamed.rstrip().endswith("data: [DONE]") and '"usage":{"completion_tokens":' in streamed


@pytest.mark.model
def test_there_is_one_and_it_is_known_again(installed: LocalModel) -> None:
    port = installed.choose_port(free_ports(1)[0])
    installed.start(port)
    installed.wait(port)
    again = LocalModel(installed._places, os.environ)
    assert again.port() == port and again.choose_port(1) == port and not again.start(port)
    assert again.status().running and again.healthy(port)
    assert any("listening" in line for line in again.logs(200))
    (other,) = free_ports(1)
    assert again.start(other)
    again.wait(other)
    assert again.port() == other and not again.healthy(port)


@pytest.mark.model
def test_stopping_is_quick_and_whole(installed: LocalModel) -> None:
    port = installed.choose_port(free_ports(1)[0])
    installed.start(port)
    installed.wait(port)
    assert installed.stop() and not installed.stop()
    assert installed.port() is None and not installed.healthy(port)


@pytest.mark.model
def test_installing_again_does_nothing_and_a_broken_off_one_is_done_again(installed: LocalModel) -> None:
    said: list[str] = []
    installed.install(said.append)
    assert said == []
    (installed._places.model_venv / ".complete").unlink()
    assert not installed.installed()
    installed.install(said.append)
    assert said and installed.installed()


def test_a_port_of_somebody_else_is_left_to_them(model: LocalModel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert model.choose_port(port) > port
        with pytest.raises(PortTaken, match=f"Port {port} for the built-in model is in use") as caught:
            model.start(port)
    assert "--local-model-port" in caught.value.hint


def test_one_that_cannot_start_is_told_with_its_last_words(model: LocalModel) -> None:
    python = model.python
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'no such instruction' >&2\nexit 4\n")
    python.chmod(0o755)
    (port,) = free_ports(1)
    model.start(port)
    with pytest.raises(EnvironmentProblem, match="built-in model did not start: it ended with exit code 4") as caught:
        model.wait(port)
    assert "no such instruction" in caught.value.hint
    eventually(lambda: not model.status().running, "its end")


def test_one_that_stays_silent_is_given_up(model: LocalModel) -> None:
    model.python.parent.mkdir(parents=True)
    model.python.write_text("#!/bin/sh\nexec sleep 1000\n")
    model.python.chmod(0o755)
    times = iter([0.0, 1.0, 99.0])
    impatient = LocalModel(model._places, os.environ, clock=lambda: next(times, 99.0), sleep=lambda seconds: None)
    (port,) = free_ports(1)
    model.start(port)
    with pytest.raises(EnvironmentProblem, match="did not answer within 5 s"):
        impatient.wait(port, 5)
    assert not model.status().running


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ERROR: No matching distribution found for xllamacpp", "no build for this machine"),
        ("error: xllamacpp has no wheels with a matching platform tag", "no build for this machine"),
        ("Could not resolve host", "could not be installed"),
    ],
)
def test_why_it_cannot_be_installed_is_told_apart(
    said: str, words: str, model: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise InstallFailed(said)

    monkeypatch.setattr(wheel_installer, "install", fail)
    with pytest.raises(EnvironmentProblem, match=words):
        model.install(lambda text: None)
    assert not model.installed()


def test_another_list_of_packages_means_installing_again(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def install(venv: Path, *_: object) -> None:
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").touch()
        made.append(venv)

    monkeypatch.setattr(wheel_installer, "install", install)
    model.install(lambda text: None)
    model.install(lambda text: None)
    assert len(made) == 1
    monkeypatch.setattr(LocalModel, "_fingerprint", lambda self: "another\n")
    model.install(lambda text: None)
    assert len(made) == 2


def test_its_places_are_its_own(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    moved = dataclasses.replace(places, data=tmp_path / "data")
    assert LocalModel(moved, {}).python == tmp_path / "data" / "model-venv" / "bin" / "python"
