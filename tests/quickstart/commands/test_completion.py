"""Completion in a real bash, and what a shell is told of routes that are set up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell, shell_in


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("completion")) as made:
        yield made


def completed(shell: Shell, *words: str) -> list[str]:
    """What fish is told for the last of these words."""
    variables = {
        "_AI_GATEWAY_COMPLETE": "fish_complete", "COMP_WORDS": " ".join(["ai-gateway", *words]),
        "COMP_CWORD": words[-1],
    }  # fmt: skip
    return [line.partition("\t")[0].partition(",")[2] for line in shell.type(**variables).stdout.splitlines() if line]


def test_commands_kinds_and_routes(shell: Shell) -> None:
    assert {"setup", "status", "snippet"} <= set(completed(shell, "s"))
    assert completed(shell, "snippet", "c") == ["curl", "claude-code", "codex"]
    assert completed(shell, "snippet", "curl", "m") == ["mock"]
    assert completed(shell, "try", "Hi", "-r", "m") == ["mock"]
    assert completed(shell, "logs", "x") == []


def test_where_nothing_is_set_up_there_are_no_routes(tmp_path: Path) -> None:
    assert completed(Shell(tmp_path), "logs", "m") == []


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_the_code_is_what_the_shell_understands(shell: Shell, kind: str, tmp_path: Path) -> None:
    code = shell.type("completion", kind).stdout
    assert "_AI_GATEWAY_COMPLETE" in code
    program = shutil.which(kind)
    if program is None:
        pytest.skip(f"{kind} is not installed")
    script = tmp_path / "code"
    script.write_text(code)
    subprocess.run([program, "-n", script], check=True)


def test_bash_completes_with_it(shell: Shell, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    program = tmp_path / "ai-gateway"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m quickstart.cli "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(ai-gateway completion bash)"; COMP_WORDS=(ai-gateway sna); COMP_CWORD=1\n'
        '_ai_gateway_completion ai-gateway; printf "%s\\n" "${COMPREPLY[@]}"'
        '; COMP_WORDS=(ai-gateway sni); _ai_gateway_completion ai-gateway; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = shell.environment()
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    done = subprocess.run([bash, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["snippet"]
