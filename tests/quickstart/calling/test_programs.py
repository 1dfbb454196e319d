"""A snippet as a program's environment and arguments."""

from __future__ import annotations

import pytest

from quickstart.calling.programs import PROGRAMS, REMOVED, invocation
from quickstart.errors import UsageError

CLAUDE = "export ANTHROPIC_BASE_URL=http://h/openai\nexport ANTHROPIC_AUTH_TOKEN=unused\nclaude --model 'a b'"
KEYED = "export ANTHROPIC_CUSTOM_HEADERS='apikey: YOUR_KEY'\nclaude --model m"
CODEX = "codex -m m \\\n  -c 'model_provider=\"gateway\"' \\\n  -c 'x.name=\"AI gateway\"'"


def test_exports_become_the_environment_and_the_last_line_the_command() -> None:
    made = invocation("claude", CLAUDE, ["-p", "hi there"], {"PATH": "/bin", "HOME": "/h"})
    assert made.arguments == ["claude", "--model", "a b", "-p", "hi there"]
    assert made.environment == {
        "PATH": "/bin", "HOME": "/h", "ANTHROPIC_BASE_URL": "http://h/openai", "ANTHROPIC_AUTH_TOKEN": "unused",
    }  # fmt: skip


def test_continued_lines_are_one_command() -> None:
    assert invocation("codex", CODEX, [], {}).arguments == [
        "codex", "-m", "m", "-c", 'model_provider="gateway"', "-c", 'x.name="AI gateway"',
    ]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_would_lead_past_the_gateway_is_not_handed_on(program: str) -> None:
    real = dict.fromkeys(REMOVED[program], "sk-real-key")
    assert "sk-real-key" not in str(invocation(program, "x", [], {**real, "A": "b"}))


def test_a_key_that_the_route_wants_comes_from_the_environment() -> None:
    made = invocation("claude", KEYED, [], {"AI_GATEWAY_CLIENT_KEY": "k1"})
    assert made.environment["ANTHROPIC_CUSTOM_HEADERS"] == "apikey: k1"
    with pytest.raises(UsageError) as caught:
        invocation("claude", KEYED, [], {})
    assert "AI_GATEWAY_CLIENT_KEY" in caught.value.hint
