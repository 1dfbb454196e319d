"""`ai-gateway export FORMAT` as it is typed, on a gateway that runs and one that does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.launched import CANARY
from support.shell import Shell, shell_in

from quickstart.exports import formats
from quickstart.local_http import request


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("export")) as made:
        body = b'{"name": "correlation-id", "instance_name": "by-hand"}'
        assert request("127.0.0.1", made.plan.ports["admin"], "POST", "/plugins", body).status == 201
        yield made


@pytest.mark.parametrize("name", formats())
def test_every_format_is_printed_with_edits_and_without_keys(shell: Shell, name: str) -> None:
    done = shell.type("export", name)
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert "correlation-id" in done.stdout or "correlation_id" in done.stdout
    assert "MOCK_AUTH_HEADER" in done.stderr, "where the key comes from is said beside the result"


def test_what_is_printed_is_the_file_alone(shell: Shell) -> None:
    document = yaml.safe_load(shell.type("export", "deck").stdout)
    assert document["_format_version"] == "3.0" and document["plugins"][0]["instance_name"] == "by-hand"


def test_a_file_and_a_folder(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "new" / "kong.yaml"
    done = shell.type("export", "deck", "--output", str(file))
    assert done.returncode == 0 and done.stdout.split() == [str(file)]
    assert yaml.safe_load(file.read_text())["services"]
    folder = tmp_path / "base"
    done = shell.type("export", "kubernetes", "-o", str(folder), "--json")
    told = json.loads(done.stdout)
    assert sorted(Path(path).name for path in told["files"]) == sorted(path.name for path in folder.iterdir())
    assert told["notes"] and "kustomization.yaml" in done.stdout
    alone = tmp_path / "all.yaml"
    assert shell.type("export", "kubernetes", "-o", str(alone)).returncode == 0
    assert len(list(yaml.safe_load_all(alone.read_text()))) == 7
    assert shell.type("export", "deck", "-o", str(folder)).returncode == 3


def test_for_an_older_kong(shell: Shell) -> None:
    done = shell.type("export", "deck", "--for", "kong-oss-3.9")
    assert done.returncode == 0 and "Left out" in done.stderr and "kong-oss-3.9" in done.stdout
    wrong = shell.type("export", "compose", "--for", "kong-oss-3.9")
    assert wrong.returncode == 2 and "deck and helm-values" in wrong.stderr
    assert shell.type("export", "nonsense").returncode == 2


def test_json_holds_everything(shell: Shell) -> None:
    told = json.loads(shell.type("export", "terraform", "--json").stdout)
    assert told["format"] == "terraform" and told["files"] == [] and 'provider "konnect"' in told["content"]
    assert all(set(note) == {"message", "hint"} for note in told["notes"])
