"""file-log and http-log through real workers: nothing is lost, not when the log server fails, not at the end."""

import json
import threading
from pathlib import Path
from typing import Any

from support.gateway_process import GatewayProcess, ask, eventually
from support.mock_server import Answer, Asked, MockServer, as_json

REQUESTS = 40


class Upstream(MockServer):
    def answer(self, asked: Asked) -> Answer:
        return as_json({"path": asked.path})


class LogServer(MockServer):
    """Fails a few times before it takes anything."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures
        self.entries: list[Any] = []
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            if self.failures:
                self.failures -= 1
                return Answer(503)
            self.entries += asked.json
        return Answer(204)


def configuration(upstream: MockServer, server: MockServer, path: Path) -> dict[str, Any]:
    queue = {"max_batch_size": 7, "max_coalescing_delay": 0.2}
    return {
        "_format_version": "3.0",
        "services": [{"name": "s", "url": upstream.url, "routes": [{"name": "r", "paths": ["/"]}]}],
        "plugins": [
            {"name": "file-log", "config": {"path": str(path), "reopen": True}},
            {"name": "http-log", "config": {"http_endpoint": f"{server.url}/in", "queue": queue}},
        ],
    }


def test_every_request_is_told_once_to_the_file_and_to_the_server(tmp_path: Path) -> None:
    file, log = tmp_path / "kong.json", tmp_path / "requests.log"
    with Upstream() as upstream, LogServer(failures=3) as server:
        file.write_text(json.dumps(configuration(upstream, server, log)))
        gateway = GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "2"})
        with gateway:
            for number in range(REQUESTS):
                assert ask(gateway.ports["PROXY"], "GET", f"/{number}").status == 200
            eventually(lambda: len(server.entries) == REQUESTS, "the log server to have all entries")
            eventually(lambda: log.exists() and log.read_text().count("\n") == REQUESTS, "the file to have all lines")
        asked = sorted(f"/{number}" for number in range(REQUESTS))
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert sorted(line["request"]["uri"] for line in lines) == asked
        assert sorted(entry["request"]["uri"] for entry in server.entries) == asked
        assert {entry["response"]["status"] for entry in lines} == {200}
        assert lines[0]["tries"][0]["ip"] == "127.0.0.1"


def test_what_waits_when_the_gateway_ends_is_told_before(tmp_path: Path) -> None:
    file, log = tmp_path / "kong.json", tmp_path / "requests.log"
    with Upstream() as upstream, LogServer(failures=0) as server:
        config = configuration(upstream, server, log)
        config["plugins"][1]["config"]["queue"] = {"max_batch_size": 1000, "max_coalescing_delay": 3600}
        file.write_text(json.dumps(config))
        gateway = GatewayProcess(file)
        with gateway:
            for number in range(5):
                ask(gateway.ports["PROXY"], "GET", f"/{number}")
            assert gateway.stop() == 0
        assert len(server.entries) == 5
        assert log.read_text().count("\n") == 5


def test_a_log_server_that_is_not_there_costs_no_request(tmp_path: Path) -> None:
    file, log = tmp_path / "kong.json", tmp_path / "requests.log"
    with Upstream() as upstream:
        nowhere = LogServer(failures=0)
        nowhere._server.server_close()
        file.write_text(json.dumps(configuration(upstream, nowhere, log)))
        gateway = GatewayProcess(file)
        with gateway:
            answers = [ask(gateway.ports["PROXY"], "GET", "/", seconds=5).status for _ in range(20)]
            assert answers == [200] * 20
            assert gateway.stop() == 0
        assert log.read_text().count("\n") == 20
