"""The control process as users run it: what is found before anything starts, reloads, graceful ends, TLS."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.certificates import make_authority, make_certificate
from support.gateway_process import GatewayProcess, answers, ask, eventually
from support.mock_server import Answer, Asked, MockServer

pytestmark = pytest.mark.timeout(90)


class Upstream(MockServer):
    def answer(self, asked: Asked) -> Answer:
        return Answer(200, b"fine")


class Late(MockServer):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def answer(self, asked: Asked) -> Answer:
        self.begun.set()
        self.go.wait(20)
        return Answer(200, b"late")


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with Upstream() as server:
        yield server


def write(path: Path, url: str, prefix: str = "/a", extra: str = "") -> Path:
    path.write_text(
        f'_format_version: "3.0"\nservices:\n- name: s\n  url: {url}\n  routes:\n  - name: r\n'
        f"    paths: [{prefix}]\n    strip_path: false\n{extra}"
    )
    return path


@pytest.fixture
def file(tmp_path: Path, mock: MockServer) -> Path:
    return write(tmp_path / "kong.yml", mock.url)


def get(gateway: GatewayProcess, path: str) -> int:
    return ask(gateway.ports["PROXY"], "GET", path).status


def workers_of(gateway: GatewayProcess) -> list[psutil.Process]:
    assert gateway.process is not None
    return psutil.Process(gateway.process.pid).children()


def test_it_serves_and_tells_that_it_is_ready(file: Path) -> None:
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "2"}) as gateway:
        ready = ask(gateway.ports["STATUS"], "GET", "/status/ready")
        assert (ready.status, ready.json) == (200, {"message": "ready"})
        assert get(gateway, "/a") == 200
        assert get(gateway, "/b") == 404
        assert gateway.command("health").returncode == 0
        assert len(workers_of(gateway)) == 2
        assert gateway.stop() == 0
    log = gateway.log.read_text()
    assert f"KONG_PROXY_LISTEN: listening on 127.0.0.1:{gateway.ports['PROXY']}" in log
    assert "ready with 2 workers" in log


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(file: Path, mock: MockServer) -> None:
    with GatewayProcess(file) as gateway:
        write(file, mock.url, "/b")
        gateway.reload()
        eventually(lambda: get(gateway, "/b") == 200, "the new file")
        assert get(gateway, "/a") == 404
        write(file, mock.url, "no-slash")
        gateway.reload()
        eventually(lambda: "reload failed, the old configuration stays" in gateway.log.read_text(), "the refusal")
        assert "should start with: /" in gateway.log.read_text()
        assert get(gateway, "/b") == 200


def test_a_change_by_the_admin_api_reaches_every_worker(file: Path) -> None:
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "3"}) as gateway:
        made = ask(
            gateway.ports["ADMIN"], "POST", "/services/s/routes", {"name": "new", "paths": ["/n"], "strip_path": False}
        )
        assert made.status == 201
        assert [get(gateway, "/n") for _ in range(20)] == [200] * 20


def test_requests_under_way_are_finished_before_it_ends(tmp_path: Path) -> None:
    with Late() as mock, GatewayProcess(write(tmp_path / "kong.yml", mock.url)) as gateway:
        got: list[bytes] = []
        asking = threading.Thread(target=lambda: got.append(ask(gateway.ports["PROXY"], "GET", "/a").body))
        asking.start()
        assert mock.begun.wait(20)
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: not answers(gateway.ports["STATUS"]), "the listeners to close")
        mock.go.set()
        asking.join(20)
        assert got == [b"late"]
        assert gateway.process.wait(20) == 0


def test_requests_that_take_longer_than_they_may_are_cut_off(tmp_path: Path) -> None:
    soon = {"KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT": "200ms"}
    with Late() as mock, GatewayProcess(write(tmp_path / "kong.yml", mock.url), soon) as gateway:
        cut: list[str] = []

        def asking() -> None:
            try:
                ask(gateway.ports["PROXY"], "GET", "/a")
            except (OSError, http.client.HTTPException) as error:
                cut.append(type(error).__name__)

        thread = threading.Thread(target=asking)
        thread.start()
        assert mock.begun.wait(20)
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(20) == 0
        thread.join(20)
        assert cut
        mock.go.set()


def test_workers_do_not_outlive_the_control_process(file: Path) -> None:
    with GatewayProcess(file) as gateway:
        workers = workers_of(gateway)
        assert workers
        assert gateway.process is not None
        gateway.process.kill()
        gateway.process.wait()
        _, alive = psutil.wait_procs(workers, 15)
        assert not alive


def test_a_taken_port_is_told_and_nothing_is_left(file: Path) -> None:
    gateway = GatewayProcess(file)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", gateway.ports["ADMIN"]))
        holder.listen()
        ended = gateway.command("start")
    assert ended.returncode == 1
    assert f"KONG_ADMIN_LISTEN: port {gateway.ports['ADMIN']}" in ended.stderr
    assert f"pid {os.getpid()}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_invalid_file_names_every_wrong_field(tmp_path: Path) -> None:
    path = tmp_path / "kong.yml"
    path.write_text(
        '_format_version: "3.0"\nservices:\n- name: a\n  url: ftp://h\n  routes:\n  - paths: [x]\n'
        "- name: b b\n  host: h\n"
    )
    ended = GatewayProcess(path).command("start")
    assert ended.returncode == 1
    for word in ("protocol", "paths", "name"):
        assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_listener_with_ssl_needs_a_certificate(file: Path) -> None:
    gateway = GatewayProcess(file)
    gateway.environment["KONG_PROXY_LISTEN"] = f"127.0.0.1:{gateway.ports['PROXY']} ssl"
    ended = gateway.command("start")
    assert ended.returncode == 1
    assert "KONG_SSL_CERT and KONG_SSL_CERT_KEY" in ended.stderr


def test_listeners_with_ssl(file: Path, mock: MockServer, tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority)
    gateway = GatewayProcess(file, {"KONG_SSL_CERT": str(pair.certificate), "KONG_SSL_CERT_KEY": str(pair.key)})
    for name in ("PROXY", "ADMIN"):
        gateway.environment[f"KONG_{name}_LISTEN"] = f"127.0.0.1:{gateway.ports[name]} ssl"
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with gateway:
        for name, path in (("PROXY", "/a"), ("ADMIN", "/services/s")):
            connection = http.client.HTTPSConnection("localhost", gateway.ports[name], timeout=10, context=context)
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
            connection.close()
        assert mock.last.headers["x-forwarded-proto"] == "https"


def test_secrets_are_read_again_at_a_reload(tmp_path: Path, mock: MockServer) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text("PROBE_KEY='one'\n")
    path = write(
        tmp_path / "kong.yml",
        mock.url,
        extra="    plugins:\n    - name: ai-proxy\n      config:\n        route_type: llm/v1/chat\n"
        '        auth: {header_name: Authorization, header_value: "{vault://env/probe-key}"}\n'
        f'        model: {{provider: openai, name: m, options: {{upstream_url: "{mock.url}/v1/chat/completions"}}}}\n',
    )

    def key() -> str:
        ask(gateway.ports["PROXY"], "POST", "/a", {"messages": [{"role": "user", "content": "hi"}]})
        return mock.last.headers["authorization"]

    with GatewayProcess(path, {"KONG_VAULT_ENV_FILE": str(secrets)}) as gateway:
        assert key() == "one"
        secrets.write_text("PROBE_KEY='two'\n")
        assert key() == "one"
        gateway.reload()
        eventually(lambda: key() == "two", "the new key")
        secrets.write_text("")
        gateway.reload()
        eventually(lambda: "probe-key" in gateway.log.read_text(), "the missing key to be named")
        assert key() == "two"
    assert json.dumps("two") not in gateway.log.read_text()
