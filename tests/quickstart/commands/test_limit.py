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


def test_money_needs_a_price_and_then_counts(shell: Shell) -> None:
    shell.type("limit", "/mock/chat", "off", "--yes")
    refused = shell.type("limit", "mock", "0.0000001/1d", "--by", "cost", "--yes")
    assert refused.returncode == 2 and "No price is set for gpt-6-luna" in refused.stderr
    done = shell.type("limit", "mock", "0.0000001/1d", "--by", "cost", "--price", "0.25/2", "--yes")
    assert done.returncode == 0, done.stderr
    assert "input_cost: 0.25" in done.stderr and "output_cost: 2" in done.stderr
    assert (shell.ask().status, shell.ask().status) == (200, 429)
    assert "limit mock 0.0000001/1d --by cost" in shell.type("history", COLUMNS="160").stdout
    shell.type("limit", "mock", "5/1d", "--yes")
    assert "of 5 USD left per day" in shell.type("try", "1+1?", "-r", "mock").stderr


def test_going_to_where_one_is_changes_nothing(shell: Shell) -> None:
    last = json.loads(shell.type("history", "--json").stdout)["generations"][-1]["number"]
    done = shell.type("undo", str(last), "--yes")
    assert (done.returncode, done.stdout) == (0, "Nothing to change.\n")
