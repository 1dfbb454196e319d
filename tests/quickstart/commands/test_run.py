"""`ai-gateway run`, with stand-ins on PATH that record their arguments and environment, and then call the gateway."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.shell import Shell, shell_in

RECORDER = """#!{python}
import json, os, sys, urllib.request
base = os.environ.get("ANTHROPIC_BASE_URL")
if base:
    model = sys.argv[sys.argv.index("--model") + 1]
    body = {{"model": model, "max_tokens": 9, "messages": [{{"role": "user", "content": "Hi"}}]}}
    url, headers = base + "/v1/messages", {{"x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]}}
else:
    import tomllib
    values = [value for flag, value in zip(sys.argv, sys.argv[1:]) if flag == "-c"]
    settings = tomllib.loads("\\n".join(values))
    provider = settings["model_providers"][settings["model_provider"]]
    body = {{"model": sys.argv[sys.argv.index("-m") + 1], "input": "Hi"}}
    url, headers = provider["base_url"] + "/responses", {{}}
asked = urllib.request.Request(url, json.dumps(body).encode(), {{"Content-Type": "application/json", **headers}})
answer = json.load(urllib.request.urlopen(asked))
print(json.dumps({{"arguments": sys.argv, "environment": dict(os.environ), "answer": answer}}))
sys.exit(7)
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("run")) as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> str:
    for name in ("claude", "codex"):
        program = tmp_path / name
        program.write_text(RECORDER.format(python=sys.executable))
        program.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def ran(shell: Shell, path: str, *words: str, **more: str) -> dict[str, Any]:
    before = shell.files()
    done = shell.type("run", *words, PATH=path, NO_PROXY="*", **more)
    assert done.returncode == 7, done.stderr  # the program's own
    assert shell.files() == before, "nothing is written"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_claude_code_talks_to_the_gateway(shell: Shell, path: str) -> None:
    found = ran(shell, path, "claude", "--", "-p", "two words", ANTHROPIC_API_KEY="sk-ant-real")
    assert found["arguments"][1:] == ["--model", "mock", "-p", "two words"]
    environment = found["environment"]
    assert environment["ANTHROPIC_BASE_URL"] == f"http://127.0.0.1:{shell.plan.ports['proxy']}/mock"
    assert environment["ANTHROPIC_AUTH_TOKEN"] == "unused" and "ANTHROPIC_API_KEY" not in environment
    assert environment["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "mock"
    assert found["answer"]["content"][0]["text"] == "You said: Hi"


def test_codex_talks_to_the_gateway(shell: Shell, path: str) -> None:
    found = ran(shell, path, "codex", "exec", "--json", "do it", OPENAI_API_KEY="sk-real")
    assert found["arguments"][-3:] == ["exec", "--json", "do it"]
    assert "OPENAI_API_KEY" not in found["environment"]
    assert found["answer"]["output"][0]["content"][0]["text"] == "You said: Hi"


def test_a_program_that_is_not_installed(shell: Shell, tmp_path: Path) -> None:
    done = shell.type("run", "claude", PATH=str(tmp_path))
    assert done.returncode == 3
    assert "claude is not installed" in done.stderr and "ai-gateway snippet claude-code" in done.stderr


@pytest.mark.parametrize("words", [("emacs",), ("claude", "-r"), ("-r", "nope", "codex")])
def test_wrong_words(shell: Shell, path: str, words: tuple[str, ...]) -> None:
    done = shell.type("run", *words, PATH=path)
    assert done.returncode == (2 if words != ("claude", "-r") else 7)


def test_without_a_route_of_the_right_dialect(shell: Shell, path: str) -> None:
    from quickstart.local_http import request

    admin = shell.plan.ports["admin"]
    rows = json.loads(request("127.0.0.1", admin, "GET", "/routes?size=1000").body)["data"]
    for row in rows:
        if any(path.rstrip("$").endswith("/v1/responses") for path in row["paths"]):
            assert request("127.0.0.1", admin, "DELETE", f"/routes/{row['id']}").status == 204
    done = shell.type("run", "codex", PATH=path)
    assert done.returncode == 2 and "/v1/responses" in done.stderr and "ai-gateway setup" in done.stderr
