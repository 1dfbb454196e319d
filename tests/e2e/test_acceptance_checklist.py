"""The acceptance checklist of the quickstart, an item a test, in its order, with the real program and the real gateway.

Where an item has a whole file elsewhere, here is what of it a user would notice first. Items 3 and 4 change what the
providers do; they come last in the file, because all share one gateway.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import Got, ask, free_ports
from support.house import ROOT
from support.mock_server import Answer, Asked
from support.providers_mock import LlamaCpp, OpenAI
from support.setup_parts import Screen, World, desk
from support.stories import ANTHROPIC_KEY, OPENAI_KEY, Story
from support.typist import ENTER, INTERRUPT

from gateway.providers import get
from quickstart import keycheck, layout, messages, ready, wizard
from quickstart.console import Console
from quickstart.discovery import Server
from quickstart.errors import Cancelled
from quickstart.health import untested
from quickstart.keycheck import KeyCheck
from quickstart.launch import LaunchResult
from quickstart.planning import make_plan
from quickstart.prompter import Choice, PlainPrompter
from quickstart.render import render
from quickstart.review import Earlier
from quickstart.wizard import Preview

pytestmark = [pytest.mark.timeout(300)]
HELLO = {"messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """OpenAI, Anthropic and a llama.cpp server, set up by typing."""
    with Story(tmp_path_factory.mktemp("checklist"), "en", 80) as told:
        terminal = told.first()
        assert terminal.end() == 0, terminal.seen
        told.seen = terminal.seen
        yield told


def chat(story: Story, path: str = "/openai/chat", **more: object) -> Got:
    return ask(story.user.ports["PROXY"], "POST", path, HELLO | more)


def admin(story: Story, method: str, path: str, body: object = None) -> Any:
    return ask(story.user.ports["ADMIN"], method, path, body).json


def test_1_a_first_run_through_a_terminal_shows_no_key(story: Story) -> None:
    seen = story.seen
    for line in ("key accepted, 2 models visible", "Review", "nothing is changed yet", "Gateway started", "Try it"):
        assert line in seen
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    files = [path for path in story.user.home.rglob("*") if path.is_file() and path != story.user.secrets]
    assert {"kong.yml", "setup.log", "answers.yaml"} <= {path.name for path in files}
    for key in (OPENAI_KEY, ANTHROPIC_KEY):
        assert key not in seen
        assert not [line for line in commands if key.encode() in line]
        assert not [path for path in files if key.encode() in path.read_bytes()]
        assert key.encode() in story.user.secrets.read_bytes()
    assert (story.user.state / "setup.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_2_a_truncated_script_does_nothing(tmp_path: Path, shell: str) -> None:
    script = (ROOT / "install.sh").read_bytes()
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "AI_GATEWAY_SOURCE": "no-such-package"}
    for length in range(1000, len(script), 1000):
        subprocess.run(
            [shell, "-s", "--", "--yes"], input=script[:length], env=environment, cwd=tmp_path, capture_output=True,
            timeout=30, check=False,
        )  # fmt: skip
        assert list(tmp_path.iterdir()) == [], f"cut at {length} bytes it did something"


def test_2_without_a_terminal_it_says_what_to_type(story: Story) -> None:
    done = story.user.run("setsid", "-w", *story.user.program, "setup")
    assert done.returncode == 3
    assert "setup --yes" in done.stderr


def test_5_again_with_nothing_new_touches_nothing(story: Story) -> None:
    before = story.user.files()
    done = story.user.gateway("setup", "--yes")
    assert done.returncode == 0, done.stderr
    assert "changed=nothing" in done.stdout
    assert story.user.files() == before


def test_5_an_edit_made_in_the_manager_is_kept(story: Story) -> None:
    story.edited()
    done = story.user.gateway("setup", "--yes", "--model", "anthropic=claude-sonnet-5-5")
    assert done.returncode == 0, done.stderr
    assert chat(story, "/anthropic/chat").status == 200
    assert story.anthropic.last.json["model"] == "claude-sonnet-5-5"
    assert chat(story).status == 200
    assert 256 in {story.openai.last.json.get(name) for name in ("max_tokens", "max_completion_tokens")}


# -- 6: widths, encodings, NO_COLOR -----------------------------------------------------------------------------------

KINDS = [(width, encoding, colour, language)
         for width in (44, 60, 80, 120)
         for encoding in ("utf-8", "ascii", "euc_jp", "cp932")
         for colour in ({}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"ACCESSIBLE": "1"})
         for language in ("en", "ja")]  # fmt: skip


@pytest.mark.parametrize(("width", "encoding", "colour", "language"), KINDS, ids=str)
def test_6_any_terminal_shows_every_screen(
    width: int, encoding: str, colour: dict[str, str], language: str, tmp_path: Path
) -> None:
    """Looking around, keys with every outcome, servers, review, result: no exception, no line over the width."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    console = Console("human", colour, out, err, width)
    messages.choose(messages.shown(language, [encoding]))
    try:
        a_whole_setup(console)
    finally:
        messages.choose("en")
    for stream in (out, err):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        raw = stream.buffer.getvalue()
        text = re.sub(r"\x1b\[[0-9;]*m", "", raw.decode(encoding))
        assert b"\x1b" not in raw or "FORCE_COLOR" in colour
        for line in text.splitlines():
            # what is one word cannot be broken without being spoilt: an address to be copied
            assert layout.cells(line) <= width or (len(line.split()) == 1 and "/" in line), line


def a_whole_setup(console: Console) -> None:
    servers = [Server(7999, "llama.cpp", ("日本語モデル-7b-instruct-v0.1.Q4_K_M.gguf",)), Server(1234, "lm-studio", ())]
    world = World(
        {
            "openai": KeyCheck("bad", "invalid_key", messages.text("hosted.other", other="Anthropic", title="OpenAI"),
                               messages.text("consent.explain") + "\nhttps://platform.openai.com/api-keys"),
            "cohere": KeyCheck("warn", "no_credit", messages.text("consent.explain"), "Pay."),
        },
        servers=servers,
    )  # fmt: skip
    script = [
        ("", True), ("", "local"), ("", "sk-" + "x" * 40), ("", "keep"), ("", None), ("", "c" * 30), ("", None),
        ("", ""), ("", ""), ("", []), ("", ["7999"]), ("", "mistral"), ("", False), ("", "apply"),
    ]  # fmt: skip
    table, _, _ = desk(script, world, {}, {"OPENAI_API_KEY": ""}, None, {}, Screen())
    decided = wizard.run(
        table.__class__(table.sources, table.prompter, console, table.eyes),
        lambda answers: _preview(answers), Earlier(),
    )  # fmt: skip
    plan = decided.preview.plan
    routes = tuple(untested(route, "no credit", messages.text("consent.explain"), "Pay.") for route in plan.routes)
    ready.show(console, plan, LaunchResult(("configuration",), False, routes))
    prompter = PlainPrompter(io.StringIO("1\n"), io.StringIO())
    assert prompter.select("?", [Choice("a", "A")]) == "a"


def _preview(answers: object) -> Preview:
    plan = make_plan(answers, lambda: False, lambda port: False, "Linux")  # type: ignore[arg-type]
    return Preview(plan, render(plan), [])


@pytest.mark.parametrize(
    ("columns", "encoding", "language", "word"),
    [(44, "ascii", "ja", "Continue"), (44, "euc_jp", "ja", "続けますか"), (60, "cp932", "ja", "続けますか"),
     (120, "utf-8", "en", "Continue")],
)  # fmt: skip
def test_6_a_real_terminal_of_that_kind(tmp_path: Path, columns: int, encoding: str, language: str, word: str) -> None:
    with Story(tmp_path, language, columns) as told:
        terminal = told.typed_in(encoding, "setup", "--no-discover")
        terminal.answer(word, "y")
        terminal.answer("コントロールプレーン" if word != "Continue" else "control plane", INTERRUPT)
        assert terminal.end() == 130, terminal.seen
        assert terminal.screen.wrapped == []
        assert "\ufffd" not in terminal.seen


# -- 7 to 10 ----------------------------------------------------------------------------------------------------------


def test_7_the_two_edits_of_the_author_work_without_a_restart(story: Story) -> None:
    """As Kong Manager sends them: the Service's host, the plugin's upstream and model; then the route answers."""
    root = admin(story, "GET", "/")
    assert root["edition"] == "community" and "ai-proxy" in root["plugins"]["available_on_server"]
    running = story.user.gateway("status", "--json").stdout
    service = admin(story, "GET", "/services?sort_desc=1&size=30")["data"]
    mistral = next(item for item in service if item["name"].startswith("mistral"))
    port = story.moved.port
    edited = admin(story, "PATCH", f"/services/{mistral['id']}", {"host": "127.0.0.1", "port": port})
    assert edited["port"] == port
    routes = admin(story, "GET", f"/services/{mistral['id']}/routes?sort_desc=1&size=30")["data"]
    route = next(item for item in routes if item["paths"] == ["~/mistral/chat$"])
    plugin = admin(story, "GET", f"/routes/{route['id']}/plugins?sort_desc=1&size=30")["data"][0]
    plugin["config"]["model"]["options"]["upstream_url"] = f"http://127.0.0.1:{port}/v1/chat/completions"
    saved = admin(story, "PATCH", f"/routes/{route['id']}/plugins/{plugin['id']}", plugin)
    assert saved["config"]["model"]["options"]["upstream_url"].endswith(f":{port}/v1/chat/completions")
    before = len(story.moved.asked)
    assert chat(story, "/mistral/chat").status == 200
    assert len(story.moved.asked) == before + 1
    again = story.user.gateway("status", "--json").stdout
    assert json.loads(again)["detail"] == json.loads(running)["detail"]  # the same process


@pytest.mark.parametrize(
    ("strategy", "counted"), [("total_tokens", 18), ("prompt_tokens", 11), ("completion_tokens", 7)]
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_8_what_is_left_of_a_limit(story: Story, strategy: str, counted: int, stream: bool) -> None:
    """As Kong has it, a request's headers tell what was left before it, and the one that crosses the limit succeeds."""
    config = {"identifier": "ip", "tokens_count_strategy": strategy,
              "llm_providers": [{"name": "openai", "limit": 100, "window_size": 100}]}  # fmt: skip
    wanted = {"name": "ai-rate-limiting-advanced", "config": config}
    plugin = admin(story, "POST", "/services/openai-api/plugins", wanted)
    try:
        told = []
        while (got := chat(story, stream=stream)).status == 200:
            told.append(int(got.headers["x-ai-ratelimit-remaining-100-openai"]))
        assert told == list(range(100, 0, -counted))
        assert got.status == 429 and int(got.headers["retry-after"]) > 0
        assert "rate limit" in got.json["message"]
    finally:
        ask(story.user.ports["ADMIN"], "DELETE", f"/plugins/{plugin['id']}")


@pytest.mark.parametrize("path", ["/openai/v1/chat/completions", "/v1/chat/completions"])
def test_9_the_paths_of_openais_sdk(story: Story, path: str) -> None:
    got = chat(story, path, model="openai")
    assert got.json["choices"][0]["message"]["content"] == "You said: Hello."
    streamed = chat(story, path, model="openai", stream=True)
    assert streamed.streamed_text == "You said: Hello." and streamed.events[-1] == "[DONE]"


@pytest.mark.parametrize("path", ["/anthropic/v1/messages", "/v1/messages"])
def test_9_the_paths_of_anthropics_sdk(story: Story, path: str) -> None:
    got = chat(story, path, model="anthropic", max_tokens=50)
    assert got.json["type"] == "message"
    assert "Hello." in got.json["content"][0]["text"]
    streamed = chat(story, path, model="anthropic", max_tokens=50, stream=True)
    assert b"event: message_stop" in streamed.body


def test_10_the_manager_asks_nobody_outside(story: Story) -> None:
    page = ask(story.user.ports["MANAGER"], "GET", "/")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'") and "http" not in policy
    links = re.findall(r"""(?:src|href)=["']([^"']+)""", page.body.decode())
    assert links and not [link for link in links if "//" in link]


# -- 3 and 4: what goes wrong -----------------------------------------------------------------------------------------


class Portal(OpenAI):
    """Says 200 to everything, as the login page of a network does."""

    def answer(self, asked: Asked) -> Answer:
        return Answer(200, b"<html>Please log in</html>", "text/html")


def test_3_what_a_key_check_finds(story: Story) -> None:
    wrong = keycheck.check(get("openai"), "Bearer sk-wrong-0123456789", story.openai.url)
    assert (wrong.verdict, wrong.kind) == ("bad", "invalid_key")
    assert "rejected" in wrong.message and "platform.openai.com/api-keys" in wrong.hint
    with Portal("") as portal:
        assert keycheck.check(get("openai"), "Bearer x", portal.url).kind == "not_llm"
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        late = keycheck.check(get("openai"), "Bearer x", base, timeout=0.3)
    assert late.kind == "timeout" and "timeout" in late.message and "HTTPS_PROXY" in late.hint


def test_3_no_credit_is_told_from_a_wrong_key(story: Story) -> None:
    story.openai.trouble = story.anthropic.trouble = "no_credit"
    try:
        done = story.user.gateway("check", "--json")
        routes = {item["path"]: item for item in json.loads(done.stdout)["routes"]}
    finally:
        story.openai.trouble = story.anthropic.trouble = ""
    assert done.returncode == 5
    for path, note in (("/openai/chat", "ChatGPT Plus does not include API credit."), ("/anthropic/chat", "")):
        assert routes[path]["health"] == "no credit"
        assert "no API credit" in routes[path]["message"] and note in routes[path]["hint"]


def test_3_a_model_that_is_missing(story: Story) -> None:
    done = story.user.gateway("setup", "--yes", "--json", "--model", "openai=gpt-none")
    routes = {item["path"]: item for item in json.loads(done.stdout)["routes"]}
    assert routes["/openai/chat"]["health"] == "no such model"
    assert story.user.gateway("setup", "--yes", "--model", "openai=gpt-6-luna").returncode == 0


class Gguf(LlamaCpp):
    models = ("./models/mistral-7b.gguf",)

    def answer(self, asked: Asked) -> Answer:
        answer = super().answer(asked)
        answer.headers["connection"] = "close"  # when it is gone, it is gone for connections of before too
        return answer


def test_4_a_server_is_found_dies_and_moves(tmp_path: Path) -> None:
    with Story(tmp_path, "en", 100) as told:
        user = told.user
        with Gguf(port=free_ports(1)[0]) as server:
            assert found(told, server) == "./models/mistral-7b.gguf"
            done = user.gateway("setup", "--yes", "--local", f"mistral=localhost:{server.port}")
            assert done.returncode == 0, done.stderr
            assert ask(user.ports["PROXY"], "POST", "/mistral/chat", HELLO).status == 200
        status = json.loads(user.gateway("status", "--json").stdout)
        assert {item["health"] for item in status["routes"]} == {"down"}
        assert ask(user.ports["PROXY"], "POST", "/mistral/chat", HELLO).status in (502, 503)
        doctor = user.gateway("doctor")
        assert doctor.returncode == 1
        assert f"localhost:{server.port}" in doctor.stdout + doctor.stderr
        with Gguf(port=free_ports(1)[0]) as moved:
            for _ in range(PATIENT):
                terminal = told.terminal("setup", AI_GATEWAY_DISCOVER="yes")
                for question in (r"Continue\?", "control plane", "OpenAI", "Cohere", "Azure", "Anthropic", "Further"):
                    terminal.answer(question, ENTER)
                terminal.answer("should stay", ENTER)
                terminal.wait_for("instead|URL of mistral")
                terminal.child.send(INTERRUPT)
                assert terminal.end() == Cancelled.default_exit_code
                if "instead" in terminal.seen:
                    break
        assert f"nothing listens at http://localhost:{server.port} now" in terminal.seen
        assert f"Use http://localhost:{moved.port} instead?" in terminal.seen


PATIENT = 6
"""A machine that runs other tests may not let a server answer within the moment that looking around gives it."""


def found(told: Story, server: LlamaCpp) -> str:
    """The model that looking around finds at `server`, "" for none; others may listen on this machine too."""
    for _ in range(PATIENT):
        looked = told.user.gateway("setup", "--yes", "--dry-run", "--json", AI_GATEWAY_DISCOVER="yes")
        shown = {item["upstream"]: str(item["model"]) for item in json.loads(looked.stdout)["routes"]}
        if model := shown.get(f"localhost:{server.port}"):
            return model
    return ""
