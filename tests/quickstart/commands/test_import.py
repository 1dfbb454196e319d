"""`ai-gateway import FILE` as it is typed: through setup, through the running configuration, and back out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.gateway_process import ask
from support.providers_mock import OpenAI
from support.user import User

KEY = "sk-canary-import-4f1"
QUESTION = {"messages": [{"role": "user", "content": "1+1?"}]}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    made = User(tmp_path / "home", installed=False)
    yield made
    made.leave()


def litellm(folder: Path, upstream: OpenAI) -> Path:
    entry = {
        "model_name": "team-model",
        "litellm_params": {
            "model": "openai/gpt-6-luna",
            "api_base": f"{upstream.url}/v1",
            "api_key": "os.environ/TEAM",
        },
    }
    lost = {"model_name": "other", "litellm_params": {"model": "bedrock/claude"}}
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump({"model_list": [entry, lost], "general_settings": {"master_key": "sk-x"}}))
    return file


@pytest.mark.timeout(300)
def test_from_litellm_to_a_running_gateway_and_out_and_in_again(user: User, tmp_path: Path) -> None:
    with OpenAI(KEY) as upstream:
        file = litellm(tmp_path, upstream)
        dry = user.gateway("import", str(file), "--dry-run", TEAM=KEY)
        assert dry.returncode == 0 and "team-model" in dry.stdout + dry.stderr, dry.stderr
        assert not user.config.exists()
        done = user.gateway("import", str(file), "--yes", TEAM=KEY, OPENAI_API_KEY="sk-not-of-the-file")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "bedrock" in done.stderr and "master key" in done.stderr and KEY not in done.stdout + done.stderr
        got = ask(user.ports["PROXY"], "POST", "/team-model/chat", QUESTION)
        assert got.status == 200 and upstream.last.headers["authorization"] == f"Bearer {KEY}"
        assert "sk-not-of-the-file" not in user.secrets.read_text()

        out = tmp_path / "kong.yaml"
        assert user.gateway("export", "deck", "-o", str(out)).returncode == 0
        first = out.read_text()
        again = user.gateway("import", str(out), "--yes", "--json")
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["applied"] is False, "there is nothing to change"
        assert user.gateway("export", "deck").stdout == first

        # what is edited in the file is what changes
        document = yaml.safe_load(first)
        document["plugins"] = [{"name": "correlation-id", "config": {"header_name": "X-Team"}}]
        out.write_text(yaml.safe_dump(document, sort_keys=False))
        changed = user.gateway("import", str(out), "--yes", "--json")
        assert changed.returncode == 0 and json.loads(changed.stdout)["applied"] is True, changed.stderr
        assert "correlation-id" in user.gateway("export", "deck").stdout
        assert ask(user.ports["PROXY"], "POST", "/team-model/chat", QUESTION).status == 200


@pytest.mark.timeout(300)
def test_in_a_terminal_only_the_review_is_asked(user: User, tmp_path: Path) -> None:
    with OpenAI(KEY) as upstream:
        litellm(tmp_path, upstream)
        program = " ".join(user.program)
        terminal = user.terminal(f"{program} import {tmp_path}/config.yaml", TEAM=KEY)
        terminal.expect("team-model")
        terminal.expect(r"Apply this\?")
        terminal.sendline("n")
        terminal.wait()
        assert terminal.exitstatus == 130 and not user.config.exists()


def test_what_cannot_be_imported_is_said(user: User, tmp_path: Path) -> None:
    empty = tmp_path / ".env"
    empty.write_text("DATABASE_URL=x\n")
    for words in (["import", str(tmp_path / "none")], ["import", str(empty)]):
        done = user.gateway(*words, "--yes")
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    deck = tmp_path / "kong.yaml"
    deck.write_text('_format_version: "3.0"\n')
    done = user.gateway("import", str(deck), "--yes")
    assert done.returncode == 3 and "ai-gateway setup" in done.stderr
