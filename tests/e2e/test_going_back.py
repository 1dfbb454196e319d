"""Setup again, as it is typed: a change that breaks a route is put back or offered to be, nothing new asks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from support.gateway_process import Got, ask
from support.providers_mock import OpenAI
from support.user import User

pytestmark = [pytest.mark.timeout(300)]
CHAT = {"messages": [{"role": "user", "content": "1+1?"}]}
NOWHERE = "localhost:9#gpt-6-luna"


@pytest.fixture(scope="module")
def upstream() -> Iterator[OpenAI]:
    with OpenAI("") as mock:
        yield mock


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory, upstream: OpenAI) -> Iterator[User]:
    person = User(tmp_path_factory.mktemp("back") / "home", installed=False)
    done = person.gateway("setup", "--yes", "--local", f"mine=localhost:{upstream.port}#gpt-6-luna")
    assert done.returncode == 0, done.stderr
    yield person
    person.leave()


def chat(user: User) -> Got:
    return ask(user.ports["PROXY"], "POST", "/mine/chat", CHAT)


def nothing_is_new(user: User) -> bool:
    return "changed=nothing" in user.gateway("setup", "--yes").stdout


def test_with_strict_it_goes_back_by_itself(user: User) -> None:
    done = user.gateway("setup", "--yes", "--strict", "--local", f"mine={NOWHERE}")
    assert done.returncode == 5, done.stderr
    assert "/mine/chat answered before this change and does not now" in done.stderr
    assert "so everything was put back" in " ".join(done.stderr.split())
    assert chat(user).status == 200 and nothing_is_new(user)


def test_without_it_stays_and_undo_is_named(user: User) -> None:
    done = user.gateway("setup", "--yes", "--local", f"mine={NOWHERE}")
    assert done.returncode == 0 and "Go back: ai-gateway undo" in done.stderr
    assert chat(user).status == 502
    back = user.gateway("undo", "--yes")
    assert back.returncode == 0, back.stderr
    assert chat(user).status == 200 and nothing_is_new(user)


def test_an_edit_is_told_without_questions_and_overwriting_drops_it(user: User) -> None:
    ask(user.ports["ADMIN"], "PATCH", "/services/mine-api", {"retries": 3})
    kept = user.gateway("setup", "--yes")
    assert "1 edit made meanwhile is kept: service mine-api: retries 5 -> 3" in kept.stderr
    assert "changed=nothing" in kept.stdout
    dropped = user.gateway("setup", "--yes", "--overwrite")
    assert "1 edit made meanwhile is dropped" in dropped.stderr and "changed=configuration" in dropped.stdout
    assert ask(user.ports["ADMIN"], "GET", "/services/mine-api").json["retries"] == 5


def typed(user: User, answers: list[tuple[str, str]], *flags: str) -> tuple[str, int]:
    """Setup at a plain terminal: the screen and the exit code. Every other question is answered by enter."""
    words = " ".join([*user.program, "setup", *flags])
    child = user.terminal(words, ACCESSIBLE="1", LANG="C.UTF-8")
    seen = ""
    while True:
        at = child.expect([r"[?:)>\]] $", pexpect.EOF], timeout=120)
        seen += (child.before or "") + (child.after if isinstance(child.after, str) else "")
        if at == 1:
            child.close()
            return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen), int(child.exitstatus or 0)
        tail = seen[-400:]
        keys = next((keys for question, keys in answers if question in tail), "")
        child.send(keys + "\r")


def test_at_a_terminal_nothing_new_is_said_and_not_asked(user: User) -> None:
    seen, code = typed(user, [])
    assert code == 0, seen
    assert "Nothing to change" in seen and "Apply?" not in seen


def test_at_a_terminal_going_back_is_offered(user: User) -> None:
    seen, code = typed(user, [("Go back to how it was?", "y")], "--local", f"mine={NOWHERE}")
    assert code == 0, seen
    assert "Gone back" in seen and "Requests in flight are not dropped" in seen
    assert chat(user).status == 200 and nothing_is_new(user)
