"""A key is in one place: the secrets file. Looked for in every output, file, process, container, image and answer."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import docker_engine
from support.gateway_process import ask
from support.providers_mock import OpenAI
from support.providers_mock_own import Anthropic
from support.user import User

CANARY = "sk-canary-51c2f0a97be4"
SECOND = "sk-ant-canary-90ab34c17f02"
pytestmark = pytest.mark.timeout(300)


def holds(data: bytes) -> bool:
    return any(word.encode() in data for word in (CANARY, SECOND))


class Story:
    """A gateway set up with canaries, and everything its commands printed."""

    def __init__(self, user: User, openai: OpenAI, anthropic: Anthropic) -> None:
        self.user, self.openai, self.anthropic = user, openai, anthropic
        self.printed: dict[str, str] = {}

    def run(self, *words: str, **environment: str) -> None:
        done = self.user.gateway(*words, **environment)
        self.printed[" ".join(words)] = done.stdout + done.stderr
        assert done.returncode == 0, done.stderr


@pytest.fixture(
    scope="module",
    params=[
        "process",
        pytest.param("docker", marks=pytest.mark.docker),
    ],
)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    user = User(tmp_path_factory.mktemp("canary") / "home", runtime=request.param, installed=False)
    host = docker_engine.bridge_address() if request.param == "docker" else "127.0.0.1"
    with OpenAI(CANARY, host) as openai, Anthropic(SECOND, host) as anthropic:
        told = Story(user, openai, anthropic)
        endpoints = f"openai={openai.url},anthropic={anthropic.url}"
        keys = {"OPENAI_API_KEY": CANARY, "ANTHROPIC_API_KEY": SECOND, "AI_GATEWAY_ENDPOINT": endpoints}
        try:
            told.run("setup", "--yes", "--strict", **keys)
            told.run("setup", "--yes", "--json", AI_GATEWAY_ENDPOINT=endpoints)
            told.run("setup", "--yes", "--dry-run", AI_GATEWAY_ENDPOINT=endpoints)
            told.run("status", "--json")
            told.run("check")
            told.run("doctor", "--bundle")
            told.run("restart")
            told.run("try", "Hello.", "--all", "--json")
            told.run("snippet", "codex", "openai")
            told.run("ui", "--json")
            for path in ("/openai/chat", "/anthropic/chat"):
                got = ask(user.ports["PROXY"], "POST", path, {"messages": [{"role": "user", "content": "Hello."}]})
                assert got.status == 200, got.body
                told.printed[path] = f"{got.headers} {got.body!r}"
            openai.key, anthropic.key = "changed", "changed"  # the providers refuse now
            for path in ("/openai/chat", "/anthropic/chat"):
                got = ask(user.ports["PROXY"], "POST", path, {"messages": [{"role": "user", "content": "Hello."}]})
                assert got.status == 401
                told.printed[f"{path} refused"] = f"{got.headers} {got.body!r}"
            told.run("setup", "--yes", AI_GATEWAY_ENDPOINT=endpoints)
            told.run("logs", "-n", "1000")
            told.run("logs", "openai", "-n", "1000")
            told.run("logs", "--json", "-n", "1000")
            yield told
        finally:
            user.leave()


def test_the_keys_reached_the_providers(story: Story) -> None:
    assert any(asked.headers.get("authorization") == f"Bearer {CANARY}" for asked in story.openai.asked)
    assert any(SECOND in str(asked.headers) for asked in story.anthropic.asked)


def test_no_output_has_them(story: Story) -> None:
    assert not [name for name, text in story.printed.items() if holds(text.encode())]


def test_the_log_reads_the_same_in_both_runtimes(story: Story) -> None:
    shown = story.printed["logs openai -n 1000"]
    assert re.search(r"^\d\d:\d\d:\d\d 200 /openai/chat \S+ \d+ ms \d+\+\d+ tok  req [0-9a-f]{8}$", shown, re.MULTILINE)
    assert re.search(r" 401 /openai/chat .*\n {11}.*key", shown), "why it was refused stands below"
    assert '"request_id":' in story.printed["logs --json -n 1000"]


def test_no_file_has_them_but_the_secrets(story: Story) -> None:
    found = {
        path
        for path in story.user.home.rglob("*")
        if path.is_file() and not path.is_symlink() and holds(path.read_bytes())
    }
    allowed = {story.user.secrets, story.user.state / "run" / "container-secrets" / "secrets.env"}
    assert story.user.secrets in found
    assert found <= allowed
    for path in found:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, f"{path} can be read by others"
    assert stat.S_IMODE(story.user.config.stat().st_mode) == 0o700


def test_no_archive_for_a_report_has_them(story: Story) -> None:
    (archive,) = story.user.state.glob("doctor-*.zip")
    with zipfile.ZipFile(archive) as opened:
        assert {"kong.yml", "findings.json", "gateway.log"} <= set(opened.namelist())
        assert not [name for name in opened.namelist() if holds(opened.read(name))]


def test_no_process_has_them_in_its_arguments_or_environment(story: Story) -> None:
    looked_at = 0
    for process in psutil.process_iter(["cmdline"]):
        assert not holds(" ".join(process.info["cmdline"] or ()).encode()), process
        if str(story.user.home) in " ".join(process.info["cmdline"] or ()) or _of(process, story.user):
            looked_at += 1
            assert not holds(Path(f"/proc/{process.pid}/environ").read_bytes()), process
    if story.user.runtime == "process":
        assert looked_at


def test_no_core_file_can_have_them(story: Story) -> None:
    """What the kernel would write of a process that crashed: nothing, for the control process and every worker."""
    if story.user.runtime == "docker":
        label = story.user.container_label()
        (identity,) = subprocess.check_output(["docker", "ps", "--quiet", "--filter", label], text=True).split()
        told = subprocess.check_output(["docker", "inspect", "--format", "{{.State.Pid}}", identity], text=True)
        first = psutil.Process(int(told))
        found = [first, *first.children(recursive=True)]
    else:
        found = [one for one in psutil.process_iter(["cmdline"]) if _of(one, story.user)]
        found = [one for one in found if _module(one.info["cmdline"] or []) == "gateway"]
    assert len(found) > 1
    for process in found:
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), (process, limits)


def _module(words: list[str]) -> str:
    return words[words.index("-m") + 1] if "-m" in words else ""


def _of(process: psutil.Process, user: User) -> bool:
    try:
        return (
            str(user.home).encode() in Path(f"/proc/{process.pid}/environ").read_bytes() and process.pid != os.getpid()
        )
    except OSError:
        return False


def test_no_answer_of_the_admin_api_has_them(story: Story) -> None:
    for path in ("/", "/services", "/routes", "/plugins", "/config", "/status"):
        assert not holds(ask(story.user.ports["ADMIN"], "GET", path).body), path


def test_no_container_and_no_image_layer_has_them(story: Story, tmp_path: Path) -> None:
    if story.user.runtime != "docker":
        assert "docker" not in story.printed["status --json"]
        return

    def docker(*words: str) -> bytes:
        return subprocess.run(["docker", *words], check=True, capture_output=True, timeout=120).stdout

    ids = docker("ps", "--no-trunc", "--quiet", "--filter", story.user.container_label()).split()
    assert len(ids) == 1
    images = set()
    for one in ids:
        inspected = docker("inspect", one.decode())
        assert not holds(inspected)
        images.add(json.loads(inspected)[0]["Image"])
        assert not holds(docker("logs", one.decode()))
        docker("export", "--output", str(tmp_path / "files.tar"), one.decode())
        assert not holds((tmp_path / "files.tar").read_bytes()), "the secrets are mounted, not copied"
    for image in images:
        assert not holds(docker("history", "--no-trunc", image))
        docker("save", "--output", str(tmp_path / "image.tar"), image)
        assert not holds((tmp_path / "image.tar").read_bytes())
