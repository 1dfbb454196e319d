"""Snippets run as they are printed: curl, Node's fetch, and the official SDKs in environments of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sdk_environments import Unavailable, python_of
from support.shell import Shell, talking

from quickstart.calling.snippet import snippet

GREETING = "You said: Say hello."


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with talking(tmp_path_factory.mktemp("snippet")) as made:
        yield made


def said(shell: Shell, kind: str, word: str = "", order: tuple[str, ...] = ("mock", "sour")) -> str:
    return snippet(shell.plan, {}, kind, word, order)[1]


def run(*command: str | Path, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "*"}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return done.stdout


def interpreter(name: str) -> Path:
    try:
        return python_of(name)
    except Unavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def test_curl(shell: Shell, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    assert GREETING in run("sh", "-c", said(shell, "curl"), folder=tmp_path)


def test_node(shell: Shell, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or run(node, "-p", "typeof fetch", folder=tmp_path).strip() != "function":
        pytest.skip("there is no Node with fetch")
    script = tmp_path / "snippet.mjs"
    script.write_text(said(shell, "node"))
    assert GREETING in run(node, script, folder=tmp_path)


@pytest.mark.timeout(700)
def test_python(shell: Shell, tmp_path: Path) -> None:
    assert GREETING in run(interpreter("new"), "-c", said(shell, "python"), folder=tmp_path)


@pytest.mark.timeout(700)
def test_langchain(shell: Shell, tmp_path: Path) -> None:
    assert GREETING in run(interpreter("frameworks"), "-c", said(shell, "langchain"), folder=tmp_path)


def test_a_route_can_be_named_and_else_the_best_one_is_taken(shell: Shell) -> None:
    assert "/sour/v1" in said(shell, "python", "sour")
    assert "/sour/v1" in said(shell, "python", order=("sour", "mock"))
    assert "/mock/v1" in said(shell, "codex") and "/mock\n" in said(shell, "claude-code")


def test_a_program_likes_its_own_maker_best(shell: Shell) -> None:
    route, _ = snippet(shell.plan, {}, "codex", "", ("sour", "openai", "mock"))
    assert route.path == "/sour/v1/responses", "there is no openai here, and sour comes first"
