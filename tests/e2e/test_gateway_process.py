"""The gateway as a process of its own: commands, listeners, headers, reload, bad files, bad upstreams."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support import kong_file
from support.gateway_process import GatewayProcess, answers, ask, eventually, free_ports
from support.providers_mock import KEY, OpenAI

pytestmark = pytest.mark.timeout(90)
CANARY = "sk-canary-7d3b1f"


@pytest.fixture
def mock() -> Iterator[OpenAI]:
    with OpenAI() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path, mock: OpenAI) -> Path:
    upstream = f"{mock.url}/v1/chat/completions"
    service = kong_file.service("openai", upstream, "gpt-6-luna", value="{vault://env/openai-auth-header}")
    return kong_file.write(tmp_path / "kong.yml", service)


@pytest.fixture
def gateway(file: Path) -> Iterator[GatewayProcess]:
    with GatewayProcess(file, {"OPENAI_AUTH_HEADER": f"Bearer {KEY}"}) as process:
        yield process


def test_headers_of_an_answer(gateway: GatewayProcess) -> None:
    got = gateway.chat("/openai/chat")
    assert got.status == 200
    assert re.fullmatch(r"[0-9a-f]{32}", got.headers["x-kong-request-id"])
    assert int(got.headers["x-kong-upstream-latency"]) >= 0
    assert int(got.headers["x-kong-proxy-latency"]) >= 0
    assert got.headers["x-kong-llm-model"] == "openai/gpt-6-luna"
    assert "via" in got.headers
    assert got.headers["x-ratelimit-remaining-requests"] == "499", "the provider's own headers pass"


def test_headers_that_the_upstream_sees(gateway: GatewayProcess, mock: OpenAI) -> None:
    gateway.post("/openai/chat", {"messages": [{"role": "user", "content": "x"}]}, x_team="red")
    sent = mock.last.headers
    assert sent["x-team"] == "red"
    assert sent["x-forwarded-for"] == "127.0.0.1"
    assert sent["x-forwarded-proto"] == "http"
    assert sent["x-forwarded-port"] == str(gateway.ports["PROXY"])
    assert mock.last.json["model"] == "gpt-6-luna"


def test_no_route(gateway: GatewayProcess, mock: OpenAI) -> None:
    before = len(mock.asked)
    for method, path in (("POST", "/nothing"), ("GET", "/openai/chat"), ("POST", "/openai/chat/more")):
        got = ask(gateway.ports["PROXY"], method, path)
        assert got.status == 404
        assert got.json["message"] == "no Route matched with those values"
        assert got.json["request_id"] == got.headers["x-kong-request-id"]
        assert "x-kong-response-latency" in got.headers
    assert len(mock.asked) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"messages": []}', b'{"messages": "hello"}'])
def test_a_body_without_a_prompt(gateway: GatewayProcess, mock: OpenAI, body: bytes) -> None:
    before = len(mock.asked)
    got = ask(gateway.ports["PROXY"], "POST", "/openai/chat", body)
    assert got.status == 400
    assert isinstance(got.json["error"]["message"], str)
    assert len(mock.asked) == before


def test_another_model_than_the_configured_one(gateway: GatewayProcess) -> None:
    got = gateway.chat("/openai/chat", model="gpt-9")
    assert got.status == 400
    assert got.json == {"error": {"message": "cannot use own model - must be: gpt-6-luna"}}


def test_an_upstream_that_is_gone(tmp_path: Path) -> None:
    gone = f"http://127.0.0.1:{free_ports(1)[0]}/v1/chat/completions"
    file = kong_file.write(tmp_path / "kong.yml", kong_file.service("openai", gone, "gpt-6-luna", value="Bearer x"))
    with GatewayProcess(file) as gateway:
        got = gateway.chat("/openai/chat")
    assert got.status == 502
    assert got.json["message"]
    assert got.json["request_id"] == got.headers["x-kong-request-id"]


def test_status_and_health(gateway: GatewayProcess) -> None:
    got = ask(gateway.ports["STATUS"], "GET", "/status")
    assert got.status == 200
    assert {"server", "memory"} <= got.json.keys()
    assert gateway.command("health").returncode == 0


def test_health_of_a_gateway_that_does_not_run(file: Path) -> None:
    assert GatewayProcess(file).command("health").returncode != 0


def test_listeners_are_on_loopback_only_and_can_be_off(file: Path) -> None:
    environment = {"OPENAI_AUTH_HEADER": "x", "KONG_ADMIN_LISTEN": "off", "KONG_ADMIN_GUI_LISTEN": "off"}
    with GatewayProcess(file, environment) as gateway:
        for name in ("ADMIN", "ADMIN_GUI"):
            assert not answers(gateway.ports[name])
        assert gateway.chat("/openai/chat").status == 401  # the stand-in refuses "x"


def test_the_access_log_has_a_json_line_per_request_and_no_key(gateway: GatewayProcess) -> None:
    for _ in range(3):
        gateway.chat("/openai/chat")
    gateway.stop()
    lines = [line for line in gateway.log.read_text().splitlines() if '"/openai/chat"' in line]
    assert len(lines) == 3
    entry = json.loads(lines[0])
    assert KEY not in gateway.log.read_text()
    assert entry


def test_sighup_reads_the_file_again_and_a_bad_one_changes_nothing(gateway: GatewayProcess, mock: OpenAI) -> None:
    good = gateway.file.read_text()
    moved = good.replace("~/openai/chat$", "~/moved/chat$")
    assert moved != good
    gateway.file.write_text(moved)
    gateway.reload()
    eventually(lambda: gateway.chat("/moved/chat").status == 200, "the new route")
    assert gateway.chat("/openai/chat").status == 404
    gateway.file.write_text(moved.replace("llm/v1/chat", "llm/v9/nothing"))
    gateway.reload()
    eventually(lambda: "llm/v9/nothing" in gateway.log.read_text() or "route_type" in gateway.log.read_text(), "a line")
    assert gateway.chat("/moved/chat").status == 200
    assert not gateway.died()


def test_a_request_in_flight_survives_a_reload(gateway: GatewayProcess, mock: OpenAI) -> None:
    mock.piece = 1
    with socket.create_connection(("127.0.0.1", gateway.ports["PROXY"])) as wire:
        body = json.dumps({"messages": [{"role": "user", "content": "x" * 2000}], "stream": True}).encode()
        wire.sendall(
            b"POST /openai/chat HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        got = wire.recv(10)
        gateway.reload()
        while piece := wire.recv(65536):
            got += piece
    assert b"[DONE]" in got


BAD = {
    "not yaml": ("services: [", "parsing"),
    "not a map": ("[1, 2]", ""),
    "unknown entity": ('_format_version: "3.0"\nservers: []', "servers"),
    "no version": ("services: []", "_format_version"),
    "unknown plugin": (
        '_format_version: "3.0"\nservices: [{name: a, url: "http://x", plugins: [{name: nope}]}]',
        "nope",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_check_names_what_is_wrong(tmp_path: Path, name: str) -> None:
    text, word = BAD[name]
    file = tmp_path / "kong.yml"
    file.write_text(text)
    told = GatewayProcess(file).command("check", str(file))
    assert told.returncode == 1
    assert word.lower() in (told.stdout + told.stderr).lower()
    assert "Traceback" not in told.stderr


def test_every_wrong_field_is_named_and_nothing_starts(tmp_path: Path, file: Path) -> None:
    wrong = yaml.safe_load(file.read_text())
    wrong["services"][0]["port"] = 99999
    wrong["services"][0]["routes"][0]["paths"] = ["no-slash"]
    wrong["services"][0]["routes"][0]["plugins"][0]["config"]["model"]["provider"] = "nobody"
    bad = tmp_path / "bad.yml"
    bad.write_text(yaml.safe_dump(wrong))
    gateway = GatewayProcess(bad)
    for words in (("check", str(bad)), ("start",)):
        told = gateway.command(*words)
        assert told.returncode == 1, words
        for field in ("port", "paths", "provider"):
            assert field in told.stdout + told.stderr, (words, field)
        assert "Traceback" not in told.stderr
    assert not answers(gateway.ports["STATUS"])


def test_check_of_a_good_file(file: Path) -> None:
    told = GatewayProcess(file, {"OPENAI_AUTH_HEADER": "x"}).command("check", str(file))
    assert told.returncode == 0, told.stderr
    assert "1 services, 1 routes, 1 plugins" in told.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KONG_PROXY_LISTEN", "nonsense"),
        ("KONG_DATABASE", "postgres"),
        ("KONG_LOG_LEVEL", "loud"),
        ("KONG_NGINX_WORKER_PROCESSES", "-1"),
        ("KONG_DECLARATIVE_CONFIG", "/nowhere/kong.yml"),
    ],
)
def test_a_bad_setting_is_told_by_its_name(file: Path, name: str, value: str) -> None:
    told = GatewayProcess(file, {name: value}).command("start")
    assert told.returncode == 1
    assert name in told.stderr + told.stdout or value in told.stderr + told.stdout
    assert "Traceback" not in told.stderr


def test_a_port_that_is_taken(file: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_ports(1)[0]))
        other.listen()
        port = other.getsockname()[1]
        told = GatewayProcess(file, {"OPENAI_AUTH_HEADER": "x", "KONG_PROXY_LISTEN": f"127.0.0.1:{port}"}).command(
            "start"
        )
    assert told.returncode == 1
    assert str(port) in told.stderr + told.stdout
    assert "Traceback" not in told.stderr


def test_a_secret_that_is_missing_is_told_by_its_reference(file: Path) -> None:
    told = GatewayProcess(file).command("start")
    assert told.returncode == 1
    assert "vault://env/openai-auth-header" in told.stderr + told.stdout


def test_two_workers_answer_on_one_port(file: Path) -> None:
    environment = {"OPENAI_AUTH_HEADER": f"Bearer {KEY}", "KONG_NGINX_WORKER_PROCESSES": "2"}
    with GatewayProcess(file, environment) as gateway:
        assert {gateway.chat("/openai/chat").status for _ in range(20)} == {200}
    assert not answers(gateway.ports["PROXY"], "/")


def test_database_off_is_accepted_and_a_key_in_the_file_is_never_shown(tmp_path: Path, mock: OpenAI) -> None:
    upstream = f"{mock.url}/v1/chat/completions"
    file = kong_file.write(
        tmp_path / "kong.yml", kong_file.service("openai", upstream, "gpt-6-luna", value=f"Bearer {CANARY}")
    )
    with GatewayProcess(file, {"KONG_DATABASE": "off", "KONG_LOG_LEVEL": "debug"}) as gateway:
        assert gateway.chat("/openai/chat").status == 401
    assert CANARY not in gateway.log.read_text()
