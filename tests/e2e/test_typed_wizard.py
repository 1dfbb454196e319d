"""The wizard typed by a program: every prompt answered, gone back from, left, killed, and fed with junk. Whatever is
typed, what is written is a configuration that the gateway takes, or nothing is.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.stories import ANTHROPIC_KEY, FIRST, NO, OPENAI_KEY, YES, Story
from support.typist import DOWN, ENTER, ESCAPE, INTERRUPT, SPACE

pytestmark = [pytest.mark.timeout(300)]
QUESTIONS = FIRST["en"]
SKIP = ENTER


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Nothing is ever set up in this home, so all tests share it."""
    with Story(tmp_path_factory.mktemp("typed"), "en", 80) as told:
        yield told


def keys_of(story: Story) -> list[str]:
    server = f"localhost:{story.llama.port}"
    return [YES, ENTER, OPENAI_KEY + ENTER, ENTER, SKIP, SKIP, ANTHROPIC_KEY + ENTER, ENTER, ENTER, NO, NO, YES,
            server + ENTER, ENTER, ENTER, NO, ENTER]  # fmt: skip


def left_behind(story: Story) -> list[str]:
    return [str(path.relative_to(story.user.home)) for path in story.user.home.rglob("*")]


@pytest.mark.parametrize(
    ("at", "plain"),
    # a line of the plain prompts is read, and left, in one place only: one of each kind is enough
    [(at, False) for at in range(len(QUESTIONS))] + [(0, True), (1, True), (2, True), (8, True), (12, True)],
    ids=str,
)
def test_cancelling_at_a_prompt_changes_nothing(story: Story, at: int, plain: bool) -> None:
    terminal = story.terminal("setup", *(["--plain"] if plain else []))
    keys = [key if key in (YES, NO) and not plain else key.rstrip("\r") + ENTER for key in keys_of(story)]
    terminal.answers(list(zip(QUESTIONS[:at], keys[:at], strict=True)))
    terminal.answer(QUESTIONS[at], INTERRUPT)
    assert terminal.end() == 130, terminal.seen
    assert left_behind(story) == []
    assert terminal.screen.cursor_shown


@pytest.mark.parametrize(("at", "plain"), [(0, False), (1, False), (2, False), (3, False), (8, False), (2, True)])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_setup_leaves_a_usable_terminal(story: Story, at: int, plain: bool, number: signal.Signals) -> None:
    terminal = story.terminal("setup", *(["--plain"] if plain else []))
    before = termios.tcgetattr(terminal.child.child_fd)
    keys = [key if key in (YES, NO) and not plain else key.rstrip("\r") + ENTER for key in keys_of(story)]
    terminal.answers(list(zip(QUESTIONS[:at], keys[:at], strict=True)))
    terminal.wait_for(QUESTIONS[at])
    os.kill(terminal.child.pid, number)
    while terminal.child.isalive():
        terminal.drain()
    after = termios.tcgetattr(terminal.child.child_fd)
    assert terminal.end() == 128 + number, terminal.seen
    flags = termios.ECHO | termios.ICANON | termios.ISIG
    assert after[3] & flags == before[3] & flags == flags
    assert terminal.screen.cursor_shown
    assert left_behind(story) == []


def test_going_back_from_every_prompt_and_on_again(story: Story) -> None:
    """From each question one goes back once, answers the one before again, and is where one was."""
    terminal = story.terminal("setup", "--dry-run")
    keys = keys_of(story)
    for at, (question, key) in enumerate(zip(QUESTIONS, keys, strict=True)):
        terminal.wait_for(question)
        if at:
            terminal.child.send(ESCAPE if at % 2 else "<")
            before = QUESTIONS[at - 1]
            # a key typed before counts again; of everything else the answer of before is the default
            terminal.answer(before, keys[at - 1] if keys[at - 1] in (YES, NO) else ENTER)
            terminal.wait_for(question)
        terminal.child.send(key)
    assert terminal.end() == 0, terminal.seen
    assert "Dry run" in terminal.seen
    for told in ("gpt-6-luna", "claude-haiku-5-5", f"localhost:{story.llama.port}", "2 keys"):
        assert told in terminal.seen
    assert OPENAI_KEY not in terminal.raw and ANTHROPIC_KEY not in terminal.raw
    assert left_behind(story) == []


def test_all_the_way_back_from_the_review(story: Story) -> None:
    terminal = story.terminal("setup", "--dry-run")
    terminal.answers(list(zip(QUESTIONS[:-1], keys_of(story)[:-1], strict=True)))
    terminal.wait_for(QUESTIONS[-1])
    for question in reversed(QUESTIONS[:-1]):
        terminal.child.send("<" if "Model" not in question else ESCAPE)
        terminal.wait_for(question)
    terminal.child.send("<")
    terminal.wait_for("first question")
    terminal.child.send(INTERRUPT)
    assert terminal.end() == 130


def pasted(text: str) -> str:
    """As a terminal sends what was pasted."""
    return f"\x1b[200~{text}\x1b[201~"


@pytest.mark.parametrize(
    "junk",
    [
        pasted(f'export OPENAI_API_KEY="{OPENAI_KEY}"\n'),
        pasted(f"  '{OPENAI_KEY}' \t"),
        pasted(f"Bearer {OPENAI_KEY}"),
        pasted(f"Authorization: Bearer {OPENAI_KEY}"),
        pasted(f"\u3000{OPENAI_KEY}\u3000"),
        f"\x15{OPENAI_KEY}",
        f"{OPENAI_KEY}xyz\x7f\x7f\x7f",
        pasted(f"\u200b{OPENAI_KEY}\ufeff"),
    ],
    ids=["export", "quotes", "bearer", "header", "full-width", "ctrl-u", "backspace", "zero-width"],
)
def test_a_key_is_taken_out_of_what_was_pasted(story: Story, junk: str) -> None:
    terminal = story.terminal("setup", "--dry-run")
    terminal.answers(list(zip(QUESTIONS[:2], keys_of(story)[:2], strict=True)))
    terminal.answer(QUESTIONS[2], junk + ENTER)
    terminal.answer("Model of OpenAI", INTERRUPT)
    assert terminal.end() == 130
    assert f"received {len(OPENAI_KEY)} characters, ends 9fQA" in terminal.seen
    assert "key accepted" in terminal.seen
    assert OPENAI_KEY not in terminal.raw


@pytest.mark.parametrize(
    ("at", "junk", "told"),
    [
        (2, pasted("two words"), "space or a line break"),
        (2, pasted("sk-\x1b[31mred"), "control character"),
        (2, pasted("sk-日本語のキー"), "plain ASCII"),
        (2, pasted("sk-one\nsk-two"), "space or a line break"),
        (3, "\x15" + pasted("<model>"), "placeholder"),
        (3, "\x15", "empty"),
        (12, pasted("not a url at all"), "URL"),
        (12, pasted("http://"), "URL"),
        (14, "\x15" + pasted("日本語"), "name"),
        (14, "\x15" + pasted("a/../b"), "name"),
    ],
)
def test_junk_is_refused_and_asked_again(story: Story, at: int, junk: str, told: str) -> None:
    terminal = story.terminal("setup", "--dry-run")
    terminal.answers(list(zip(QUESTIONS[:at], keys_of(story)[:at], strict=True)))
    terminal.answer(QUESTIONS[at], junk + ENTER)
    terminal.wait_for(told)
    terminal.answer(QUESTIONS[at], INTERRUPT)
    assert terminal.end() == 130
    assert "Traceback" not in terminal.seen
    assert left_behind(story) == []


KEYS = [
    *[
        ENTER,
        ENTER,
        ENTER,
        SPACE,
        DOWN,
        "y",
        "n",
        "<",
        ESCAPE,
        "-",
        "\x15",
        "\x7f",
        "\t",
        "\x0b",
        "\x01",
        "\x00",
        "\x1bb",
    ],
    *["~", "localhost:1", "sk-" + "x" * 30, "${X}", "http://[::1", "\x1b[99~"],
    *[pasted("日本語"), pasted("{{ 7*7 }}: [\n- x")],
]


@pytest.mark.parametrize("seed", range(4))
def test_hands_on_the_keyboard(tmp_path: Path, seed: int) -> None:
    """Keys at random, as fast as they are taken: a configuration that the gateway takes, or nothing at all."""
    dice = random.Random(seed)
    with Story(tmp_path, "ja" if seed % 2 else "en", 44 + seed * 16) as story:
        terminal = story.terminal("setup", "--no-check-keys", "--no-test", "--control-plane", "local")
        terminal.wait_for(r"\(Y/n\)")
        terminal.child.send("y")
        for _ in range(150):
            if not terminal.child.isalive():
                break
            terminal.child.send(dice.choice(KEYS))
            terminal.drain()
        if terminal.child.isalive():
            terminal.child.send(INTERRUPT)
        code = terminal.end()
        assert "Traceback" not in terminal.seen
        written = story.user.output / "kong.yml"
        if not written.exists():
            assert code in (2, 3, 4, 130), terminal.seen
            assert not story.user.secrets.exists()
            return
        checked = subprocess.run(
            [sys.executable, "-m", "gateway", "check", str(written)], capture_output=True, text=True, check=False,
            env=story.user.environment(KONG_VAULT_ENV_FILE=str(story.user.secrets)),
        )  # fmt: skip
        assert checked.returncode == 0, checked.stderr
