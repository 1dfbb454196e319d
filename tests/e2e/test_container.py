"""The main job in the container runtime: the built-in model behind a gateway in a container, and what that may do.

The tests share one user and build on each other, in the order they are written.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.gateway_process import answers, ask, eventually
from support.providers_mock import LlamaCpp
from support.user import User

Json = Any
pytestmark = [pytest.mark.docker, pytest.mark.model, pytest.mark.timeout(300)]
QUESTION = {"messages": [{"role": "user", "content": "What is the capital of France?"}], "max_tokens": 24}


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    person = User(tmp_path_factory.mktemp("container") / "home", runtime="docker")
    done = person.install("--yes", "--strict")
    if done.returncode != 0:
        person.leave()
        pytest.fail(f"install.sh --yes ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    yield person
    person.leave()


def container(user: User) -> Json:
    (identity,) = docker("ps", "--quiet", "--filter", user.container_label()).split()
    return json.loads(docker("inspect", identity))[0]


def test_a_real_completion(user: User) -> None:
    got = ask(user.ports["PROXY"], "POST", "/local/chat", QUESTION, seconds=120)
    assert got.status == 200, got.body
    assert got.json["choices"][0]["message"]["content"].strip()
    assert got.json["usage"]["completion_tokens"] > 0


def test_a_real_streamed_completion(user: User) -> None:
    body = {**QUESTION, "stream": True, "stream_options": {"include_usage": True}}
    got = ask(user.ports["PROXY"], "POST", "/local/chat", body, seconds=120)
    assert got.streamed_text.strip()
    assert got.events[-1] == "[DONE]"
    assert any(event != "[DONE]" and (event.get("usage") or {}).get("completion_tokens") for event in got.events)


def test_the_container_can_do_nothing_else(user: User) -> None:
    found = container(user)
    host = found["HostConfig"]
    assert found["Config"]["User"].split(":")[0] not in ("", "0", "root")
    assert host["ReadonlyRootfs"] is True
    assert "ALL" in host["CapDrop"]
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    assert "/tmp" in host["Tmpfs"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert not host["Privileged"]
    assert "Healthcheck" in found["Config"]
    mounts = {mount["Destination"]: mount["RW"] for mount in found["Mounts"]}
    assert [writable for place, writable in mounts.items() if "secret" in place] == [False]


TRY_TO_WRITE = """
import os, json
def tried(path):
    try:
        with open(path, "w") as file:
            file.write("x")
        os.unlink(path)
        return ""
    except OSError as problem:
        return problem.strerror
places = ["/", "/opt/ai-gateway/gateway", "/usr/local/bin", "/etc", "/etc/ai-gateway", "/root", "/bin"]
print(json.dumps({"uid": os.getuid(), "tmp": tried("/tmp/x"), "places": {at: tried(at + "/x") for at in places},
    "caps": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")]}))
"""


def test_the_gateway_in_it_cannot_write(user: User) -> None:
    """Tried from inside, as the gateway's own user, not read off the settings."""
    told = json.loads(docker("exec", container(user)["Id"], "python", "-c", TRY_TO_WRITE))
    assert told["uid"] != 0 and told["caps"] == ["0" * 16]
    assert all(told["places"].values()), told["places"]
    assert told["tmp"] == ""  # the one place that is there for it, in memory


def test_the_container_becomes_healthy(user: User) -> None:
    eventually(lambda: container(user)["State"]["Health"]["Status"] == "healthy", "a healthy container", 40)


def test_loopback_only(user: User) -> None:
    """The built-in model listens on loopback only, so the host's network is used; nothing may listen beyond that."""
    assert container(user)["HostConfig"]["NetworkMode"] == "host"
    lines = subprocess.run(["ss", "-Htln"], capture_output=True, text=True).stdout or proc_listeners()
    for port in user.ports.values():
        found = [line for line in lines.splitlines() if f":{port} " in line]
        assert found, port
        assert all("127.0.0.1:" in line or "[::1]:" in line for line in found), found


def proc_listeners() -> str:
    import psutil

    listening = [one for one in psutil.net_connections("tcp") if one.status == "LISTEN"]
    return "\n".join(f"{one.laddr.ip}:{one.laddr.port} " for one in listening)


def test_a_second_run_keeps_the_container(user: User) -> None:
    before, files = container(user)["Id"], user.files()
    done = user.install("--yes")
    assert done.returncode == 0, done.stderr
    assert "changed=nothing" in done.stdout
    assert container(user)["Id"] == before
    assert user.files() == files


def test_a_crash_is_followed_by_a_start(user: User) -> None:
    pid = container(user)["State"]["Pid"]
    subprocess.run(["kill", "-9", str(pid)], check=True)
    eventually(lambda: container(user)["State"]["Pid"] not in (0, pid) and answers(user.ports["STATUS"]), "a new start")
    test_a_real_completion(user)


def test_stop_and_start(user: User, record_property: Callable[[str, object], None]) -> None:
    assert user.gateway("stop").returncode == 0
    assert not answers(user.ports["STATUS"])
    began = time.monotonic()
    done = user.gateway("start")
    assert done.returncode == 0, done.stderr
    record_property("timing", f"ai-gateway start, container: {time.monotonic() - began:.2f} s (aim: 2)")
    test_a_real_completion(user)


def test_a_server_that_the_bridge_reaches_needs_no_host_network(user: User) -> None:
    with LlamaCpp(host="0.0.0.0") as model:
        port = model.port
        local = f"mistral=http://localhost:{port}#{model.models[0]}"
        done = user.gateway("setup", "--yes", "--strict", "--local", local, AI_GATEWAY_BUILTIN_MODEL="no")
        assert done.returncode == 0, done.stdout + done.stderr
        assert container(user)["HostConfig"]["NetworkMode"] != "host"
        got = ask(user.ports["PROXY"], "POST", "/mistral/chat", QUESTION)
        assert got.json["choices"][0]["message"]["content"] == f"You said: {QUESTION['messages'][0]['content']}"  # type: ignore[index]
        bindings = container(user)["HostConfig"]["PortBindings"]
        assert {entry["HostIp"] for entries in bindings.values() for entry in entries} == {"127.0.0.1"}


def test_from_container_to_process_and_back(user: User) -> None:
    with LlamaCpp() as model:
        local = f"mistral=http://localhost:{model.port}#{model.models[0]}"
        for runtime in ("process", "docker"):
            done = user.gateway("setup", "--yes", "--strict", "--local", local, "--runtime", runtime)
            assert done.returncode == 0, done.stdout + done.stderr
            assert json.loads(user.gateway("status", "--json").stdout)["runtime"] == runtime
            running = docker("ps", "--quiet", "--filter", user.container_label()).split()
            assert len(running) == (1 if runtime == "docker" else 0)
            assert ask(user.ports["PROXY"], "POST", "/mistral/chat", QUESTION).status == 200


def test_uninstall_purge_leaves_no_container_and_no_image(user: User) -> None:
    label = user.container_label()
    assert docker("images", "--quiet", "--filter", label).split()
    done = user.gateway("uninstall", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert not docker("ps", "--all", "--quiet", "--filter", label).split()
    assert not docker("images", "--all", "--quiet", "--filter", label).split()
    for folder in (user.data, user.config, user.state, user.output, user.launcher):
        assert not folder.exists()
