"""`ai-gateway snippet` as it is typed. That the snippets work is shown in tests/quickstart/calling/test_snippet.py."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.launched import CANARY
from support.shell import Shell, shell_in


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("snippet")) as made:
        yield made


@pytest.mark.parametrize("kind", ["curl", "python", "node", "langchain", "claude-code", "codex"])
def test_every_kind_names_the_real_address_and_no_key(shell: Shell, kind: str) -> None:
    done = shell.type("snippet", kind)
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{shell.plan.ports['proxy']}/mock" in done.stdout
    assert done.stderr == "" and CANARY not in done.stdout


def test_as_json(shell: Shell) -> None:
    document = json.loads(shell.type("snippet", "codex", "mock", "--json").stdout)
    assert (document["kind"], document["path"]) == ("codex", "/mock/v1/responses")
    assert document["snippet"].startswith("codex -m ")


def test_wrong_words(shell: Shell) -> None:
    done = shell.type("snippet", "perl")
    assert done.returncode == 2 and "'curl'" in done.stderr
    done = shell.type("snippet", "curl", "nope")
    assert done.returncode == 2 and "mock" in done.stderr


def test_a_stopped_gateway_says_what_to_type(shell: Shell) -> None:
    shell.runner.stop()
    done = shell.type("snippet", "curl")
    assert done.returncode == 3 and "ai-gateway start" in done.stderr
