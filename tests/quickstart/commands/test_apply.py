"""`ai-gateway apply -f` as it is typed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import SECRET
from support.shell import PROGRAM, Shell, shell_in

from quickstart import secret_file
from quickstart.local_http import request

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other

FILE = """
_format_version: "3.0"
services:
- name: mine
  url: http://127.0.0.1:9
  routes:
  - {name: mine, paths: [/mine]}
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("apply")) as made:
        yield made


def test_a_file_is_put_in_and_everything_else_stays(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(FILE)
    done = shell.type("apply", "-f", str(file), "--yes")
    assert done.returncode == 0, done.stderr
    assert "+- name: mine" in done.stderr and "Applied as generation" in done.stdout
    assert request("127.0.0.1", shell.plan.ports["proxy"], "GET", "/mine").status == 502
    assert shell.ask().status == 200
    assert json.loads(shell.type("apply", "-f", str(file), "--json").stdout)["applied"] is False


def test_from_standard_input_only_shown(shell: Shell) -> None:
    done = subprocess.run(
        [*PROGRAM, "apply", "-f", "-", "--dry-run"], env=shell.environment(), input=FILE.replace("mine", "other"),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and "+- name: other" in done.stderr
    assert request("127.0.0.1", shell.plan.ports["proxy"], "GET", "/other").status == 404


def test_a_route_that_stops_answering_is_told_or_with_strict_put_back(shell: Shell, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    listed = request("127.0.0.1", shell.plan.ports["admin"], "GET", "/config")
    text = json.loads(listed.body)["config"].replace(str(shell.upstream.port), "9")
    broken.write_text(text)
    done = shell.type("apply", "-f", str(broken), "--yes", "--strict")
    assert done.returncode == 5 and "put back" in done.stderr
    assert "/mock/chat answered before this change and does not now" in done.stderr
    assert shell.ask().status == 200
    done = shell.type("apply", "-f", str(broken), "--yes")
    assert done.returncode == 0 and "Go back: ai-gateway undo" in done.stderr
    assert shell.ask().status == 502
    assert shell.type("undo", "--yes").returncode == 0
    assert shell.ask().status == 200


def test_replacing_takes_away_what_the_file_does_not_name(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(FILE)
    told = json.loads(shell.type("apply", "-f", str(file), "--replace", "--no-test", "--json").stdout)
    assert told["applied"] and shell.ask().status == 404
    assert secret_file.read(shell.places.secrets)[0].keys() >= {SECRET}, "keys stay for going back"
    assert shell.type("undo", "--yes").returncode == 0
    assert shell.ask().status == 200


@pytest.mark.parametrize(
    ("content", "said"), [("- a", "expected an object"), ("services: [{}]", "_format_version"), ("a: [", "column")]
)
def test_a_file_that_is_no_configuration(content: str, said: str, shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text(content)
    done = shell.type("apply", "-f", str(file), "--yes")
    assert done.returncode == 2 and said in done.stderr and str(file)[-20:] in done.stderr.replace("\n    ", "")


def test_a_file_that_is_not_there(shell: Shell) -> None:
    done = shell.type("apply", "-f", "/no/such/file", "--yes")
    assert done.returncode == 2 and "No such file" in done.stderr
