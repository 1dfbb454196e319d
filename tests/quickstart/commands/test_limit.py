"""`ai-gateway limit` as it is typed: shown, asked, in force at once, told again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.shell import Shell, shell_in

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("limit")) as made:
        yield made


def test_the_story_of_the_article(shell: Shell) -> None:
    """A limit is set, used up by one answer, refuses the next, and is taken away."""
    assert "No limits are set" in shell.type("limit").stdout
    done = shell.type("limit", "openai", "10/100s", "--yes")
    assert done.returncode == 0, done.stderr
    assert "+- name: ai-rate-limiting-advanced" in done.stderr
    assert "Applied as generation 2, without a restart." in done.stdout
    assert shell.ask().status == 200
    refused = shell.ask()
    assert refused.status == 429 and refused.headers["x-ai-ratelimit-limit-100-openai"] == "10"
    assert "openai" in shell.type("limit").stdout and "10/100s" in shell.type("limit", "openai").stdout
    told = json.loads(shell.type("limit", "openai", "off", "--json").stdout)
    assert (told["applied"], told["generation"]) == (True, 3)
    assert told["changes"][0] == {
        "change": "removed", "what": "ai-rate-limiting-advanced on everything", "field": "", "old": "", "new": "",
    }  # fmt: skip
    assert shell.ask().status == 200


def test_programs_read_what_is_in_force(shell: Shell) -> None:
    shell.type("limit", "/mock/chat", "1000000/h", "2000000/1d", "--by", "completion", "--yes")
    assert json.loads(shell.type("limit", "--json").stdout) == {
        "limits": [
            {
                "where": "/mock/chat", "provider": "openai", "by": "completion",
                "limits": [{"amount": 1000000, "seconds": 3600}, {"amount": 2000000, "seconds": 86400}],
            }
        ]
    }  # fmt: skip
    again = json.loads(shell.type("limit", "/mock/chat", "1000000/h", "2000000/1d", "--json").stdout)
    assert (again["applied"], again["generation"], again["changes"]) == (False, None, [])
    assert json.loads(shell.type("limit", "mock", "1/s", "--dry-run", "--json").stdout)["applied"] is False


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("mock", "1000"), 2, "is not a limit"),
        (("grog", "1/s"), 2, "There are: /mock/chat, mock"),
        (("mock", "1/s", "--by", "lines"), 2, "--by"),
        (("mock", "1/s"), 3, "go ahead without a question: --yes"),
    ],
)
def test_what_cannot_be_meant_or_asked(words: tuple[str, ...], code: int, said: str, shell: Shell) -> None:
    done = shell.type("limit", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
