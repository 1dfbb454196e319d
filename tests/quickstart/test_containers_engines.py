"""Engines that cannot run here, played over a Unix socket by what they answer to `docker info` and `docker version`;
and the question that is asked from inside a container, of the real engine."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from support.docker_engine import base_image, bridge_address
from support.providers_mock import LlamaCpp
from support.setups import places_in

from quickstart.containers import DockerRunner, connect
from quickstart.errors import EnvironmentProblem
from quickstart.reach.inside import Target

Json = dict[str, Any]
PODMAN = {"ServerVersion": "5.2.0", "OperatingSystem": "fedora", "Name": "box", "BuildahVersion": "1.37.0"}
ROOTLESS = {"SecurityOptions": ["name=seccomp", "name=rootless"]}


@contextmanager
def engine(folder: Path, info: Json, components: list[Json]) -> Iterator[dict[str, str]]:
    """The environment in which this engine is the chosen one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return ""

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_GET(self) -> None:
            told: Json = {"ApiVersion": "1.43", "Version": info["ServerVersion"], "Components": components}
            body = json.dumps(told if self.path.endswith("/version") else info).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    path = folder / "engine.sock"
    with Server(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield {"DOCKER_HOST": f"unix://{path}"}
        server.shutdown()


@pytest.mark.parametrize(
    ("info", "components", "name", "rootless", "shares"),
    [
        (PODMAN, [{"Name": "Podman Engine"}], "podman", False, True),
        (PODMAN | ROOTLESS | {"Rootless": True}, [], "podman-rootless", True, True),
        ({"ServerVersion": "27.0", "Name": "b", **ROOTLESS}, [{"Name": "Engine"}], "docker-rootless", True, False),
        ({"ServerVersion": "27.0", "Name": "colima"}, [{"Name": "Engine"}], "colima", False, False),
        ({"ServerVersion": "27.0", "OperatingSystem": "Docker Desktop"}, [], "docker-desktop", False, False),
        ({"ServerVersion": "27.0", "OperatingSystem": "Debian GNU/Linux 12"}, [], "docker", False, True),
    ],
)
def test_engines_are_known_by_their_answers(
    tmp_path: Path, info: Json, components: list[Json], name: str, rootless: bool, shares: bool
) -> None:
    with engine(tmp_path, info, components) as environ:
        client, found = connect(environ, tmp_path)
        client.close()
    assert (found.kind.name, found.rootless, found.version) == (name, rootless, info["ServerVersion"])
    assert found.shares_network == (shares and os.uname().sysname == "Linux")


@pytest.mark.docker
def test_a_server_is_asked_from_inside_a_container_that_lives_for_the_question(tmp_path: Path) -> None:
    runner = DockerRunner(places_in(tmp_path), os.environ)
    with LlamaCpp(host=bridge_address()) as server:
        target = Target(f"localhost:{server.port}", "host.docker.internal", server.port, "llama.cpp")
        found = runner.ask_from_inside(target, "/v1/models", None, base_image())
        assert (found.outcome, found.address, found.status, found.models) == ("answered", bridge_address(), 200, True)
        assert server.last.path == "/v1/models"
    assert not runner.leftovers(), "the container is gone"


@pytest.mark.docker
def test_nothing_is_fetched_for_the_question(tmp_path: Path) -> None:
    runner = DockerRunner(places_in(tmp_path), os.environ)
    with pytest.raises(EnvironmentProblem, match="no image"):
        runner.ask_from_inside(Target("localhost:1", "host.docker.internal", 1), "/", None, "no-such-image:here")
