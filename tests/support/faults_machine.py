"""Faults of this machine: the engine, ports, files, the gateway itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.fault_bed import KEY, Bed
from support.faults import fault
from support.gateway_process import ask, eventually
from support.mock_server import Answer, Asked, MockServer, as_json
from support.providers_mock import OpenAI

from quickstart import containers
from quickstart.process_identity import pid_of
from quickstart.processes import ProcessRunner

NOBODY_UID = 65534


@contextmanager
def _well(bed: Bed) -> Iterator[OpenAI]:
    """One good route, set up."""
    with OpenAI(KEY) as server:
        bed.hosted("openai", server.url)
        bed.prepare()
        yield server


# -- engine --------------------------------------------------------------------------------------------------------


def _in_a_container(bed: Bed, address: str) -> None:
    """What was set up runs in a container; so does the next setup."""
    assert bed.plan is not None
    text = bed.places.deployment.read_text().replace('"runtime": "process"', '"runtime": "docker"')
    bed.places.deployment.write_text(text)
    bed.flags["runtime"] = "docker"
    bed.environment["DOCKER_HOST"] = address


@fault("engine_stopped")
def engine_stopped(bed: Bed) -> Iterator[None]:
    with _well(bed):
        _in_a_container(bed, f"unix://{bed.folder}/docker.sock")
        yield


@fault("engine_dead_socket")
def engine_dead_socket(bed: Bed) -> Iterator[None]:
    """The socket is still there, and nobody listens on it."""
    with _well(bed), socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(bed.folder / "docker.sock"))
        _in_a_container(bed, f"unix://{bed.folder}/docker.sock")
        yield


@fault("engine_denied")
def engine_denied(bed: Bed) -> Iterator[None]:
    """Somebody else's socket; who is root is nobody while the engine is called."""
    with _well(bed), socket.socket(socket.AF_UNIX) as engine, pytest.MonkeyPatch.context() as patch:
        path = bed.folder / "docker.sock"
        engine.bind(str(path))
        engine.listen()
        path.chmod(0)
        _in_a_container(bed, f"unix://{path}")
        if os.geteuid() == 0:
            real = containers.connect

            def as_nobody(*words: object, **more: object) -> object:
                os.seteuid(NOBODY_UID)
                try:
                    return real(*words, **more)  # type: ignore[arg-type]
                finally:
                    os.seteuid(0)

            patch.setattr(containers, "connect", as_nobody)
        yield


class Engine(MockServer):
    """A Docker API as far as it is asked; `broken` answers nothing that makes sense."""

    broken = False

    def answer(self, asked: Asked) -> Answer:
        if self.broken:
            return Answer(500, b"{}")
        return as_json({"ServerVersion": "27.0", "ApiVersion": "1.43", "Version": "27.0"})


@fault("engine_remote")
def engine_remote(bed: Bed) -> Iterator[None]:
    with _well(bed), Engine() as engine:
        _in_a_container(bed, f"tcp://127.0.0.1:{engine.port}")
        yield


@fault("engine_unreachable")
def engine_unreachable(bed: Bed) -> Iterator[None]:
    with _well(bed), Engine() as engine:
        engine.broken = True
        _in_a_container(bed, f"tcp://127.0.0.1:{engine.port}")
        yield


# -- ports ---------------------------------------------------------------------------------------------------------


@fault("port_taken")
def port_taken(bed: Bed) -> Iterator[None]:
    with _well(bed), socket.create_server(("127.0.0.1", bed.ports["proxy"])):
        yield


@fault("port_taken_inside")
def port_taken_inside(bed: Bed) -> Iterator[None]:
    """Not the first of the ports."""
    with _well(bed), socket.create_server(("127.0.0.1", bed.ports["manager"])):
        yield


# -- files ---------------------------------------------------------------------------------------------------------


@fault("secrets_open")
def secrets_open(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.places.secrets.chmod(0o644)
        yield


@fault("secrets_link")
def secrets_link(bed: Bed) -> Iterator[None]:
    with _well(bed):
        moved = bed.folder / "elsewhere.env"
        bed.places.secrets.rename(moved)
        bed.places.secrets.symlink_to(moved)
        yield


@fault("secrets_missing")
def secrets_missing(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.places.secrets.write_text("# empty\n")
        del bed.environment["OPENAI_API_KEY"]
        yield


def _shown(bed: Bed) -> Path:
    assert bed.plan is not None
    return bed.plan.output_dir / "kong.yml"


@fault("config_broken")
def config_broken(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.really = True
        _shown(bed).write_text("_format_version: '3.0'\nservices: [\n")
        yield


@fault("config_refused")
def config_refused(bed: Bed) -> Iterator[None]:
    """YAML, but not a configuration."""
    with _well(bed):
        bed.really = True
        _shown(bed).write_text("_format_version: '3.0'\nservices:\n- name: x\n  prot: 7\n")
        yield


@fault("config_missing")
def config_missing(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.really = True
        _shown(bed).unlink()
        yield


@fault("config_edited")
def config_edited(bed: Bed) -> Iterator[None]:
    with _well(bed):
        path = _shown(bed)
        path.write_text(path.read_text().replace("gpt-6-luna", "gpt-6.1-terra"))
        yield


@fault("config_changed")
def config_changed(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.start()
        changed = ask(bed.ports["admin"], "PATCH", "/services/openai-api", {"read_timeout": 12345})
        assert changed.status == 200, changed.body
        yield


@fault("record_damaged")
def record_damaged(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.really = True
        bed.places.deployment.write_text("{")
        yield


@fault("answers_damaged")
def answers_damaged(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.places.answers.write_text("hosted: [\n")
        yield


@fault("limit_small")
def limit_small(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.really = True
        for path in (_shown(bed), bed.places.configuration):
            path.write_text(path.read_text().replace("max_request_body_size: 8388608", "max_request_body_size: 8192"))
        yield


# -- the gateway ---------------------------------------------------------------------------------------------------


@fault("not_set_up")
def not_set_up(bed: Bed) -> Iterator[None]:
    bed.flags["builtin_model"] = False
    bed.route = ""
    yield


@fault("gateway_stopped")
def gateway_stopped(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.really = True
        yield


@fault("gateway_crashed")
def gateway_crashed(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.start()
        bed.really = True
        runner = ProcessRunner(bed.places, bed.environment)
        record = runner.supervised.recorded()
        for name in ("supervisor", "child"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid_of(str(record[name])), signal.SIGKILL)
        eventually(lambda: not runner.status().running, "the end of the gateway")
        yield


@fault("proxy_loopback")
def proxy_loopback(bed: Bed) -> Iterator[None]:
    """A proxy that would take requests to this machine too; setup and the gateway do not go there."""
    with _well(bed):
        bed.environment["HTTP_PROXY"] = "http://127.0.0.1:9"
        yield


@fault("proxy_stale")
def proxy_stale(bed: Bed) -> Iterator[None]:
    with _well(bed):
        bed.start()
        bed.environment["HTTPS_PROXY"] = "http://127.0.0.1:9"
        yield


@fault("recent_error")
def recent_error(bed: Bed) -> Iterator[None]:
    """The upstream broke off since; the gateway remembers the request."""
    with _well(bed) as server:
        bed.start()
        server.trouble = "overloaded"
        got = ask(bed.ports["proxy"], "POST", "/openai/chat", {"messages": [{"role": "user", "content": "x"}]})
        assert got.status == 503
        server.trouble = ""
        yield
