"""How long one change among ten thousand routes and consumers takes to be live in every worker, and what requests that
are under way meanwhile notice of it.

    PYTHONPATH=gateway_image:tests python tests/bench/change_among_many.py [--routes N] [--changes N] [--workers N]

Prints milliseconds; it judges nothing. A change counts as live when the Admin API has answered, and is checked on
connections of their own.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from support.gateway_process import GatewayProcess, ask
from support.mock_server import Answer, Asked, MockServer

CLIENTS = 3


class Upstream(MockServer):
    def answer(self, asked: Asked) -> Answer:
        return Answer(body=b"{}")


class Client(threading.Thread):
    """Asks one after another on one connection until told to stop; `took` is in seconds."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.stop = stop
        self.took: list[float] = []
        self.failed = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        number = 0
        while not self.stop.wait(0.002):
            number += 1
            started = time.perf_counter()
            try:
                connection.request("GET", f"/r{number % 97}", headers={"apikey": f"key-{number % 89}"})
                answer = connection.getresponse()
                answer.read()
                self.failed += answer.status != 200
            except (OSError, http.client.HTTPException):
                self.failed += 1
                connection.close()
            self.took.append(time.perf_counter() - started)
        connection.close()


def document(count: int, url: str) -> dict[str, Any]:
    routes = [{"name": f"r{number}", "paths": [f"/r{number}"]} for number in range(count)]
    consumers = [
        {"username": f"c{number}", "keyauth_credentials": [{"key": f"key-{number}"}]} for number in range(count)
    ]
    services = [
        {"name": f"s{start}", "url": url, "routes": routes[start : start + 10]} for start in range(0, count, 10)
    ]
    return {
        "_format_version": "3.0",
        "services": services,
        "consumers": consumers,
        "plugins": [{"name": "key-auth"}],
    }


def traffic(port: int, work: Any) -> tuple[list[float], int]:
    """What clients saw while `work` was done."""
    stop = threading.Event()
    clients = [Client(port, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    work(stop)
    stop.set()
    for client in clients:
        client.join()
    return sorted(took for client in clients for took in client.took), sum(client.failed for client in clients)


def told(name: str, took: list[float], failed: int = 0) -> None:
    at = [took[min(len(took) - 1, int(len(took) * share))] * 1000 for share in (0.5, 0.99, 0.999)]
    tail = f"  max {took[-1] * 1000:7.1f}  n {len(took)}  failed {failed}"
    print(f"{name:28} p50 {at[0]:7.1f}  p99 {at[1]:7.1f}  p99.9 {at[2]:7.1f}{tail}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--routes", type=int, default=10_000)
    arguments.add_argument("--changes", type=int, default=20)
    arguments.add_argument("--workers", type=int, default=2)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, Upstream() as upstream:
        file = Path(folder) / "kong.yml"
        file.write_text(json.dumps(document(given.routes, upstream.url)))
        settings = {"KONG_PREFIX": f"{folder}/prefix", "KONG_NGINX_WORKER_PROCESSES": str(given.workers)}
        with GatewayProcess(file, settings) as gateway:
            admin, proxy = gateway.ports["ADMIN"], gateway.ports["PROXY"]
            told("requests, nothing changes", *traffic(proxy, lambda stop: stop.wait(3)))
            changes: list[float] = []

            def change(stop: threading.Event) -> None:
                for number in range(given.changes):
                    path = f"/changed-{number}"
                    started = time.perf_counter()
                    answer = ask(admin, "PATCH", f"/routes/r{given.routes // 2}", {"paths": [path]})
                    changes.append(time.perf_counter() - started)
                    assert answer.status == 200, answer
                    seen = [ask(proxy, "GET", path, headers={"apikey": "key-1"}).status for _ in range(6)]
                    assert seen == [200] * 6, seen
                    stop.wait(0.2)

            told("requests, while it changes", *traffic(proxy, change))
            told("one change until it is live", sorted(changes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
