"""Faults of model servers on this machine, and of the way to them from a container."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.docker_engine import base_image, bridge_address
from support.fault_bed import Bed
from support.faults import fault
from support.gateway_process import free_ports
from support.mock_server import Answer, Asked, MockServer, as_json
from support.providers_mock import LlamaCpp

MODEL = LlamaCpp.models[0]


@contextmanager
def _set_up(bed: Bed, server: MockServer) -> Iterator[None]:
    """A route to a server that is well while it is set up."""
    with server:
        bed.local(f"http://localhost:{server.port}", MODEL)
        bed.prepare()
        yield


def _only_here(bed: Bed) -> LlamaCpp:
    """A server whose model nobody else on this machine has, other tests included."""

    class Own(LlamaCpp):
        models = (f"{bed.folder.name}-{bed.ports['proxy']}.gguf",)

    return Own()


@contextmanager
def _gone(bed: Bed) -> Iterator[type[LlamaCpp]]:
    """It was there while it was set up."""
    with _only_here(bed) as server:
        bed.local(f"http://localhost:{server.port}", server.models[0])
        bed.prepare()
    yield type(server)


@fault("server_gone")
def server_gone(bed: Bed) -> Iterator[None]:
    with _gone(bed):
        yield


@fault("server_moved")
def server_moved(bed: Bed) -> Iterator[None]:
    with _gone(bed) as kind:
        bed.flags["discover"] = True
        with kind():
            yield


@fault("server_silent")
def server_silent(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp()) as _:
        port = _port(bed)
    with socket.create_server(("127.0.0.1", port)):
        yield


def _port(bed: Bed) -> int:
    assert bed.plan is not None
    return int(bed.plan.routes[0].shown_upstream.rpartition(":")[2])


class Page(MockServer):
    """A web server that is no model server."""

    def answer(self, asked: Asked) -> Answer:
        return Answer(200, b"<html>It works!</html>", "text/html")


@fault("server_wrong")
def server_wrong(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp()):
        port = _port(bed)
    with Page("127.0.0.1", port):
        yield


@fault("server_locked")
def server_locked(bed: Bed) -> Iterator[None]:
    """It was started again, with a key this time."""

    class Locked(LlamaCpp):
        def answer(self, asked: Asked) -> Answer:
            self.check_credential(asked)
            return super().answer(asked)

    with _set_up(bed, LlamaCpp()):
        port = _port(bed)
    with Locked("a-new-key", port=port):
        yield


class Listing(MockServer):
    def __init__(self, port: int, *models: str) -> None:
        super().__init__(port=port)
        self.models = models

    def answer(self, asked: Asked) -> Answer:
        if asked.path != "/v1/models":
            return as_json({"error": "not found"}, 404)
        return as_json({"object": "list", "data": [{"id": name, "owned_by": "llamacpp"} for name in self.models]})


@fault("server_empty")
def server_empty(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp()):
        port = _port(bed)
    with Listing(port):
        yield


@fault("model_gone")
def model_gone(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp()):
        port = _port(bed)
    with Listing(port, "another.gguf", "and-another.gguf"):
        yield


# -- from inside a container ---------------------------------------------------------------------------------------


def _bridged(bed: Bed, **changes: Any) -> None:
    """What was set up, and what the next setup makes, is a container with a network of its own."""
    text = bed.places.deployment.read_text().replace('"runtime": "process"', '"runtime": "docker"')
    text = text.replace("http://localhost:", "http://host.docker.internal:")
    text = text.replace('"image": "', f'"image": "{base_image()}", "was": "')
    for old, new in changes.items():
        text = text.replace(old, new)
    bed.places.deployment.write_text(text)
    bed.flags["runtime"] = "docker"
    bed.flags["base_image"] = base_image()


@fault("reach_loopback")
def reach_loopback(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp(host="0.0.0.0")):
        port = _port(bed)
    _bridged(bed)
    with LlamaCpp(port=port):  # started again, for this machine alone
        yield


@fault("reach_wrong")
def reach_wrong(bed: Bed) -> Iterator[None]:
    """This machine's own name leads to the server, the bridge's address to another one on the same port."""
    (port,) = free_ports(1)
    with LlamaCpp(port=port), Page(bridge_address(), port):
        bed.local(f"http://localhost:{port}", MODEL)
        bed.prepare()
        _bridged(bed)
        yield


@fault("reach_name")
def reach_name(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp(host="0.0.0.0")):
        _bridged(bed, **{"host.docker.internal": "host.no-such-engine.internal"})
        yield


@fault("reach_firewall")
def reach_firewall(bed: Bed) -> Iterator[None]:
    with _set_up(bed, LlamaCpp(host="0.0.0.0")):
        _bridged(bed)
        rule = ["INPUT", "-i", "docker0", "-p", "tcp", "--dport", str(_port(bed)), "-j", "DROP"]
        subprocess.run(["iptables", "-I", *rule], check=True, capture_output=True, timeout=30)
        try:
            yield
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                subprocess.run(["iptables", "-D", *rule], check=True, capture_output=True, timeout=30)
