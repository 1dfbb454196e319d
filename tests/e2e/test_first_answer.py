"""The main job, as a plain process with the real llama.cpp server: a fresh home, `./install.sh --yes`, a completion.

The tests share one user and build on each other, in the order they are written.
"""

from __future__ import annotations

import json
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from support.gateway_process import answers, ask, eventually
from support.house import ROOT
from support.user import User

pytestmark = [pytest.mark.timeout(300), pytest.mark.model]


@dataclass
class Installed:
    user: User
    out: str
    err: str
    seconds: float


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    user = User(tmp_path_factory.mktemp("first") / "home")
    began = time.monotonic()
    done = user.install("--yes")
    seconds = time.monotonic() - began
    if done.returncode != 0:
        log = user.state / "logs"
        logs = (
            "\n".join(path.read_text(errors="replace")[-3000:] for path in log.rglob("*.log")) if log.exists() else ""
        )
        user.leave()
        pytest.fail(f"install.sh --yes ended with {done.returncode}\n{done.stdout}\n{done.stderr}\n{logs}")
    yield Installed(user, done.stdout, done.stderr, seconds)
    user.leave()


@pytest.fixture
def user(installed: Installed) -> User:
    return installed.user


def test_it_ends_with_a_curl_line_that_works(installed: Installed) -> None:
    line = next(line for line in installed.out.splitlines() if line.startswith("setup: try curl "))
    done = installed.user.run("/bin/bash", "-c", line.removeprefix("setup: try "))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["choices"][0]["message"]["content"].strip()
    assert answer["usage"]["completion_tokens"] > 0


def test_how_long_it_took(installed: Installed, record_property: Callable[[str, object], None]) -> None:
    record_property("timing", f"./install.sh --yes to the first completion: {installed.seconds:.1f} s (aim: 30)")
    assert installed.seconds < 150, "far off, even for a busy machine"


def test_a_whole_completion(user: User) -> None:
    body = {"messages": [{"role": "user", "content": "What is the capital of France?"}], "max_tokens": 24}
    got = ask(user.ports["PROXY"], "POST", "/local/chat", body, seconds=120)
    assert got.status == 200, got.body
    assert got.json["choices"][0]["message"]["content"].strip()
    usage = got.json["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_streamed_completion(user: User) -> None:
    body = {
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 16,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    got = ask(user.ports["PROXY"], "POST", "/local/chat", body, seconds=120)
    assert got.status == 200
    assert got.streamed_text.strip()
    assert got.events[-1] == "[DONE]"
    usages = [event["usage"] for event in got.events if event != "[DONE]" and event.get("usage")]
    assert usages[-1]["completion_tokens"] > 0


def test_what_was_written(user: User) -> None:
    exports = (user.output / "kong.env").read_text().splitlines()
    assert [line.split("=")[0] for line in exports] == [
        "export KONG_PROXY",
        "export KONG_ADMIN_API",
        "export KONG_MANAGER",
        "export KONG_DEV_PORTAL",
        "export KONG_FILES_API",
    ]
    assert exports[0] == f"export KONG_PROXY=localhost:{user.ports['PROXY']}"
    assert stat.S_IMODE(user.output.stat().st_mode) == 0o700
    text = (user.output / "kong.yml").read_text()
    assert '_format_version: "3.0"' in text
    assert "~/local/chat$" in text


def test_status(user: User) -> None:
    done = user.gateway("status", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["runtime"] == "process"
    route, _ = report["routes"]  # and the front door
    assert {"name", "path", "model", "upstream", "health"} <= route.keys()
    assert (route["path"], route["health"]) == ("/local/chat", "ok")
    assert report["listeners"]["proxy"].endswith(f":{user.ports['PROXY']}")
    assert ask(user.ports["STATUS"], "GET", "/status").status == 200


def test_a_second_run_changes_nothing(installed: Installed) -> None:
    user = installed.user
    before, running = user.files(), processes(user)
    done = user.install("--yes")
    assert done.returncode == 0, done.stderr
    assert "changed=nothing" in done.stdout
    assert user.files() == before
    assert processes(user) == running


def processes(user: User) -> set[int]:
    """Ids of all processes that run out of this user's home."""
    found = set()
    for process in psutil.process_iter(["pid", "cmdline"]):
        if any(str(user.home) in word for word in process.info["cmdline"] or ()):
            found.add(process.info["pid"])
    return found


def test_stop_and_start(user: User, record_property: Callable[[str, object], None]) -> None:
    assert user.gateway("stop").returncode == 0
    assert user.gateway("status").returncode == 1
    done = user.gateway("start", "--json")
    assert done.returncode == 0, done.stderr
    seconds = json.loads(done.stdout)["seconds"]
    record_property("timing", f"ai-gateway start, process: {seconds:.2f} s (aim: 2)")
    assert seconds < 20, "far off, even for a busy machine"
    test_a_whole_completion(user)


def test_restart_and_logs(user: User) -> None:
    assert user.gateway("restart").returncode == 0
    test_a_whole_completion(user)
    done = user.gateway("logs", "-n", "50")
    assert done.returncode == 0
    assert "/local/chat" in done.stdout


def test_a_killed_gateway_comes_back(user: User) -> None:
    gateways = [
        process
        for process in psutil.process_iter(["pid", "cmdline"])
        if process.info["pid"] in processes(user) and process.info["cmdline"][-2:] == ["gateway", "start"]
    ]
    assert gateways
    gateways[0].kill()
    gateways[0].wait(10)
    eventually(lambda: answers(user.ports["STATUS"]), "the gateway to come back")
    test_a_whole_completion(user)


def test_uninstall_lists_first_and_keeps_what_was_answered(user: User) -> None:
    before = user.files()
    done = user.gateway("uninstall", "--dry-run", "--purge")
    assert done.returncode == 0
    assert str(user.output / "kong.yml") in done.stdout + done.stderr
    assert user.files() == before
    assert processes(user)


def test_uninstall_purge_leaves_nothing(user: User) -> None:
    done = user.gateway("uninstall", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert not processes(user)
    left = {path.relative_to(user.home) for path in user.home.rglob("*") if not path.is_dir()}
    assert not {path for path in left if not str(path).startswith(".rustup")}, left
    for folder in (user.data, user.config, user.state, user.output):
        assert not folder.exists()


def test_the_readme_says_what_this_proved() -> None:
    text = (ROOT / "README.md").read_text()
    assert re.search(r"^\$? ?\./install\.sh --yes$", text, re.MULTILINE)
    assert Path(ROOT / "install.sh").exists()
