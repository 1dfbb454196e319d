"""The commands of the gateway, as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.gateway_process import GatewayProcess

from gateway.__main__ import USAGE, main

GOOD = '_format_version: "3.0"\nservices:\n- name: s\n  url: http://127.0.0.1:1\n  routes:\n  - paths: [/a]\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kong.yml"
    path.write_text(GOOD)
    return path


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONG_STATUS_LISTEN", "off")


@pytest.mark.parametrize("words", [[], ["begin"], ["check"], ["check", "a", "b"], ["start", "now"], ["worker"]])
def test_a_wrong_command_line_shows_the_right_one(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == USAGE


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == USAGE


def test_check_counts_what_is_there(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: ok, 1 services, 1 routes, 0 plugins\n"


def test_check_names_what_is_wrong(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("/a", "a") + "  - methods: [get]\n")
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().err
    assert str(file) in said
    assert "paths" in said
    assert "methods" in said


def test_check_resolves_secrets(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = (
        "    plugins:\n    - name: ai-proxy\n      config:\n        route_type: llm/v1/chat\n"
        '        auth: {header_name: A, header_value: "{vault://env/not-there}"}\n'
        "        model: {provider: openai, name: m}\n"
    )
    file.write_text(GOOD + plugin)
    assert main(["check", str(file)]) == 1
    assert "not-there" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"", b"[]"])
def test_check_of_what_is_no_configuration(file: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(content)
    assert main(["check", str(file)]) == 1
    assert str(file) in capsys.readouterr().err


def test_check_of_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "gone.yml")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_wrong_settings_are_all_told(file: Path) -> None:
    gateway = GatewayProcess(file, {"KONG_LOG_LEVEL": "loud", "KONG_NGINX_WORKER_PROCESSES": "many"})
    ended = gateway.command("start")
    assert ended.returncode == 1
    assert "KONG_LOG_LEVEL" in ended.stderr
    assert "KONG_NGINX_WORKER_PROCESSES" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_health_when_nobody_runs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health"]) == 1
    assert "KONG_STATUS_LISTEN" in capsys.readouterr().err
    ended = GatewayProcess(file).command("health")
    assert ended.returncode == 1
    assert "nobody answers" in ended.stderr
