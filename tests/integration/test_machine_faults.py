"""What a machine and its keepers do to a gateway that runs: signals, logs that are moved away, full disks, readers that
do not read, very many connections.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support import kong_file
from support.gateway_process import GatewayProcess, ask, eventually
from support.process_tree import Held, children, of_tree

pytestmark = pytest.mark.timeout(120)
MB = 1 << 20
GONE = kong_file.service("openai", "http://127.0.0.1:9/v1/chat", "m")
ASK = b"GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n"


def gateway(folder: Path, workers: int = 1, **settings: str) -> GatewayProcess:
    file = kong_file.write(folder / "kong.yml", GONE)
    return GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": str(workers), **settings})


def processes(running: GatewayProcess) -> list[int]:
    assert running.process is not None
    return [running.process.pid, *children(running.process.pid)]


def held(running: GatewayProcess) -> list[Held]:
    assert running.process is not None
    return of_tree(running.process.pid)


def routed(running: GatewayProcess, count: int = 1) -> None:
    for _ in range(count):
        assert ask(running.ports["PROXY"], "GET", "/nothing").status == 404


def test_signals_of_other_programs_end_nothing(tmp_path: Path) -> None:
    with gateway(tmp_path, 2) as running:
        before = processes(running)
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH, signal.SIGPIPE, signal.SIGHUP):
            for pid in before:
                os.kill(pid, number)
        routed(running, 8)
        eventually(lambda: "reloaded the configuration" in running.log.read_text(), "the reload that SIGHUP asks for")
        assert processes(running) == before


def test_no_line_is_lost_while_logs_are_rotated(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "access.log"
    with gateway(tmp_path, 2, KONG_PROXY_ACCESS_LOG=str(log)) as running:
        for number in range(3):
            routed(running, 40)
            eventually(lambda: log.exists() and log.stat().st_size, "the log's next file")
            log.rename(log.with_name(f"access.log.{number}"))
            os.kill(processes(running)[0], signal.SIGUSR1)  # what logrotate's recipes for nginx do: it needs no such
        routed(running, 40)
    lines = [line for file in log.parent.iterdir() for line in file.read_text().splitlines()]
    assert len(list(log.parent.iterdir())) == 4 and len(lines) == 160
    assert all(json.loads(line)["status"] == 404 for line in lines)


def test_a_full_disk_under_the_access_log_costs_no_request(tmp_path: Path) -> None:
    with gateway(tmp_path, KONG_PROXY_ACCESS_LOG="/dev/full") as running:
        routed(running, 200)
        eventually(
            lambda: "lines for /dev/full are lost: No space left on device" in running.log.read_text(), "a word of it"
        )
        routed(running, 200)
        assert running.log.read_text().count("are lost") == 1


def test_an_access_log_that_cannot_be_written_is_told_before_anything_starts(tmp_path: Path) -> None:
    done = gateway(tmp_path, KONG_PROXY_ACCESS_LOG=f"{tmp_path}/kong.yml/access.log").command("start")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "kong.yml/access.log cannot be written: " in done.stderr and "/dev/stdout, or off" in done.stderr


def test_whoever_should_read_the_log_and_does_not_keeps_nobody_waiting(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    running = gateway(tmp_path)
    command = [sys.executable, "-m", "gateway", "start"]
    with running.log.open("wb") as messages:
        running.process = subprocess.Popen(
            command, env=running.settings(), stdin=subprocess.DEVNULL, stdout=writing, stderr=messages
        )
    os.close(writing)
    try:
        eventually(lambda: "ready with" in running.log.read_text(), "the gateway to start")
        with socket.create_connection(("127.0.0.1", running.ports["PROXY"]), 20) as client:
            answers = client.makefile("rb")
            for _ in range(20):  # 2,000 lines are five times what a pipe takes
                client.sendall(ASK * 100)
                for _ in range(100):
                    lines = list(iter(answers.readline, b"\r\n"))
                    (length,) = (int(line.split(b":")[1]) for line in lines if line.startswith(b"Content-Length:"))
                    assert lines[0].startswith(b"HTTP/1.1 404 ") and len(answers.read(length)) == length
        assert held(running)[1].memory < 100 * MB
        assert running.stop() == 0
    finally:
        running.stop()
        os.close(reading)


def test_ten_thousand_idle_connections_are_kept_and_cost_little(tmp_path: Path) -> None:
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(10_000, room // 2 - 500)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[1]), before[1]))  # as shells have it
    try:
        with gateway(tmp_path, 2) as running:
            resource.setrlimit(resource.RLIMIT_NOFILE, (room, before[1]))
            first = sum(one.memory for one in held(running))
            crowd = [socket.create_connection(("127.0.0.1", running.ports["PROXY"]), 20) for _ in range(count)]
            for one in crowd:
                one.sendall(ASK)
            for one in crowd:
                assert one.recv(4096).startswith(b"HTTP/1.1 404 ")
            assert sum(one.descriptors for one in held(running)) > count
            assert sum(one.memory for one in held(running)) - first < count * 8192
            routed(running, 20)
            for one in crowd:
                one.close()
            eventually(lambda: sum(one.descriptors for one in held(running)) < 200, "the connections to be closed")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
