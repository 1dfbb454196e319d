"""The end of setup in its three forms, and a curl line that a shell would send as it stands."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest
from support.golden import check_golden
from support.setup_parts import TEXT_WIDTHS, Screen

from quickstart import layout, messages
from quickstart.answers import Answers, Hosted, Local
from quickstart.cli import program
from quickstart.health import _WORDS, RouteHealth
from quickstart.launch import LaunchResult
from quickstart.planning import make_plan
from quickstart.ready import MORE, curl, document, duration, folded, health_word, show, url

GOLDEN = Path(__file__).parent / "golden"
PLAN = make_plan(
    Answers(
        hosted=(Hosted("openai", "gpt-6-luna"),),
        local=(Local("mistral", "localhost:7999", "mistral-7b-instruct-v0.1.Q4_K_M.gguf", "llama.cpp"),),
        runtime="process",
        output_dir=Path("/srv/out"),
    ),
    lambda: False,
    lambda port: False,
)
ROUTES = (
    RouteHealth(PLAN.routes[0].name, "/openai/chat", "gpt-6-luna", "api.openai.com", "no credit", 429,
                "The key works, the account has no API credit.", "ChatGPT Plus does not include API credit.", 612),
    RouteHealth(PLAN.routes[1].name, "/openai/completions", "gpt-6-luna", "api.openai.com"),
    RouteHealth(PLAN.routes[2].name, "/mistral/chat", PLAN.routes[2].model, "localhost:7999", "ok", 200, "", "", 1900,
                22),
)  # fmt: skip
RESULT = LaunchResult(("configuration", "gateway"), False, ROUTES)


@pytest.mark.parametrize("width", TEXT_WIDTHS)
def test_golden_screens(width: int) -> None:
    screen = Screen(width=width)
    show(screen.console, PLAN, RESULT)
    assert all(
        layout.cells(line) <= width for line in screen.text.splitlines() if "curl" not in line and "-d" not in line
    )
    check_golden(GOLDEN / f"ready_{width}.txt", screen.text)


def test_plain_facts() -> None:
    screen = Screen("plain")
    show(screen.console, PLAN, RESULT)
    lines = screen.out.getvalue().splitlines()
    assert lines[0] == 'setup: openai unhealthy model=gpt-6-luna path=/openai/chat health="no credit" ms=612'
    assert lines[1].startswith("setup: openai-completions set ")
    assert lines[2].endswith("path=/mistral/chat health=ok ms=1900")
    assert lines[3] == (
        "setup: ready proxy=http://127.0.0.1:8000 manager=http://127.0.0.1:8002 runtime=process"
        " changed=configuration,gateway"
    )
    assert shlex.split(lines[4])[:5] == ["setup:", "try", "curl", "-s", "localhost:8000/mistral/chat"]
    assert "no API credit" in screen.err.getvalue()


def test_one_json_document() -> None:
    screen = Screen("json")
    show(screen.console, PLAN, RESULT)
    told = json.loads(screen.out.getvalue())
    assert told == json.loads(json.dumps(document(PLAN, RESULT)))
    assert {"name", "path", "model", "upstream", "health"} <= set(told["routes"][0])
    assert told["listeners"]["proxy"] == "http://127.0.0.1:8000"


def test_a_curl_line_through_the_first_healthy_route() -> None:
    words = shlex.split(" ".join(line.rstrip("\\") for line in curl(PLAN, ROUTES)))
    assert words[:3] == ["curl", "-s", "localhost:8000/mistral/chat"]
    assert json.loads(words[-1])["messages"][0]["role"] == "user"


def test_a_curl_line_where_none_is_healthy() -> None:
    assert "/openai/chat" in curl(PLAN, ROUTES[:1])[0]
    assert json.loads(shlex.split(curl(PLAN, ROUTES[1:2])[1])[-1]) == {"prompt": "What is Kong Gateway?"}


def test_nothing_changed_is_said() -> None:
    screen = Screen()
    show(screen.console, PLAN, replace(RESULT, changed=()))
    assert "Nothing to change. The gateway is as it was." in screen.text


@pytest.mark.parametrize(
    ("bind", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")]
)
def test_addresses_one_can_open(bind: str, shown: str) -> None:
    assert url(replace(PLAN, bind=bind), "proxy") == f"http://{shown}:8000"


@pytest.mark.parametrize(("milliseconds", "text"), [(None, "-"), (0, "0 ms"), (999, "999 ms"), (1900, "1.9 s")])
def test_durations(milliseconds: int | None, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize("width", [43, 59, 79, 119])
def test_a_command_is_folded_and_still_a_command(width: int) -> None:
    lines = folded(curl(PLAN, ROUTES), width)
    assert all(layout.cells(line) <= width for line in lines)
    words = shlex.split("\n".join(lines).replace("\\\n", ""))
    assert words[:5] == ["curl", "-s", "localhost:8000/mistral/chat", "-H", "Content-Type: application/json"]
    assert json.loads(words[-1]) == {"messages": [{"role": "user", "content": "What is Kong Gateway?"}]}


def test_every_word_of_health_is_told_in_the_readers_language() -> None:
    try:
        messages.choose("ja")
        for word in (*_WORDS.values(), "untested", "chat only", "error"):
            assert health_word(word) != word, word
        assert health_word("something new") == "something new"
    finally:
        messages.choose("en")


def test_every_command_that_is_told_of_exists() -> None:
    known = program.list_commands(click.Context(program))
    assert all(command in known for commands in MORE.values() for command in commands)
