"""A person at a terminal: `curl ... | bash` with typed answers, the wizard again, Ctrl-C, and no terminal at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from support.gateway_process import ask
from support.providers_mock import KEY, OpenAI
from support.providers_mock_own import Anthropic
from support.user import User

pytestmark = [pytest.mark.timeout(300)]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ENTER, SPACE, DOWN = "\r", " ", "\x1b[B"


class Screen:
    """Types when asked; `seen` is everything that the terminal showed, colours and cursor movements taken out."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self.child = child
        self.raw = ""
        self.read_to = 0

    @property
    def seen(self) -> str:
        return ESCAPES.sub("", self.raw)

    def answer(self, question: str, keys: str) -> None:
        """Waits until `question` (a regular expression) stands after what was answered before, then types."""
        while not (found := re.search(question, self.seen[self.read_to :])):
            try:
                self.raw += self.child.read_nonblocking(65536, timeout=60)
            except pexpect.ExceptionPexpect as error:
                pytest.fail(f"{type(error).__name__} while waiting for {question!r} on this screen:\n{self.seen}")
        self.read_to += found.end()
        self.child.send(keys)

    def end(self) -> int:
        """The exit code, once the program has ended."""
        try:
            while True:
                self.raw += self.child.read_nonblocking(65536, timeout=60)
        except pexpect.EOF:
            self.child.close()
        except pexpect.TIMEOUT:
            pytest.fail(f"it does not end; the screen:\n{self.seen}")
        return int(self.child.exitstatus if self.child.exitstatus is not None else -(self.child.signalstatus or 0))


@pytest.fixture(scope="module")
def openai() -> Iterator[OpenAI]:
    with OpenAI() as mock:
        yield mock


@pytest.fixture(scope="module")
def anthropic() -> Iterator[Anthropic]:
    with Anthropic() as mock:
        yield mock


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory, openai: OpenAI, anthropic: Anthropic) -> Iterator[User]:
    person = User(tmp_path_factory.mktemp("terminal") / "home")
    person.extra = {
        "AI_GATEWAY_SOURCE": str(person.checkout),
        "AI_GATEWAY_ENDPOINT": f"openai={openai.url},anthropic={anthropic.url}",
    }
    yield person
    person.leave()


def test_piped_into_bash_with_typed_answers(user: User, openai: OpenAI) -> None:
    screen = Screen(user.terminal(f"cat {user.checkout}/install.sh | bash"))
    screen.answer(r"Continue\? \(Y/n\)", "y")
    screen.answer("control plane live", ENTER)
    screen.answer(r"API key for OpenAI \(hidden", KEY + ENTER)
    screen.answer("Model of OpenAI", ENTER)
    for provider in ("Cohere", "Azure OpenAI", "Anthropic"):
        screen.answer(rf"API key for {provider} \(hidden", ENTER)
    screen.answer("Further hosted providers", ENTER)
    for question in ("local provider Mistral", "local provider Llama2", "Another model server"):
        screen.answer(rf"{question}[^\n]*\(y/N\)", "n")
    screen.answer(r"Apply\? \(arrows;", ENTER)
    assert screen.end() == 0, screen.seen
    assert KEY not in screen.seen
    assert "ends 9e7f" in screen.seen
    assert "Ready" in screen.seen
    got = ask(user.ports["PROXY"], "POST", "/openai/chat", {"messages": [{"role": "user", "content": "Hello."}]})
    assert got.json["choices"][0]["message"]["content"] == "You said: Hello."
    assert openai.last.headers["authorization"] == f"Bearer {KEY}"


def test_again_with_enter_alone_changes_nothing(user: User) -> None:
    before = user.files()
    screen = Screen(user.terminal(f"{user.launcher} setup"))
    screen.answer(r"Continue\? \(Y/n\)", ENTER)
    screen.answer("control plane live", ENTER)
    screen.answer(r"API key for OpenAI \(enter = keep \S*9e7f", ENTER)
    screen.answer("Model of OpenAI", ENTER)
    for provider in ("Cohere", "Azure OpenAI", "Anthropic"):
        screen.answer(rf"API key for {provider} \(hidden", ENTER)
    screen.answer("Further hosted providers", ENTER)
    for question in ("local provider Mistral", "local provider Llama2", "Another model server"):
        screen.answer(rf"{question}[^\n]*\(y/N\)", ENTER)
    assert screen.end() == 0, screen.seen
    assert "Nothing to change" in screen.seen and "Apply?" not in screen.seen
    assert KEY not in screen.seen
    assert user.files() == before


def test_again_with_one_more_key_adds_one_provider(user: User, anthropic: Anthropic) -> None:
    screen = Screen(user.terminal(f"{user.launcher} setup"))
    screen.answer(r"Continue\? \(Y/n\)", ENTER)
    screen.answer("control plane live", ENTER)
    screen.answer("API key for OpenAI", ENTER)
    screen.answer("Model of OpenAI", ENTER)
    for provider in ("Cohere", "Azure OpenAI"):
        screen.answer(rf"API key for {provider} \(hidden", ENTER)
    screen.answer(r"API key for Anthropic \(hidden", f'  "{anthropic.key}"  ' + ENTER)
    screen.answer(r"looks like a key of OpenAI[\s\S]*\(y/N\)", "y")
    screen.answer("Model of Anthropic", ENTER)
    screen.answer("Further hosted providers", ENTER)
    for question in ("local provider Mistral", "local provider Llama2", "Another model server"):
        screen.answer(rf"{question}[^\n]*\(y/N\)", ENTER)
    screen.answer(r"Apply\? \(arrows;", ENTER)
    assert screen.end() == 0, screen.seen
    assert re.search(r"\+ +/anthropic/chat", screen.seen), screen.seen
    for path in ("/openai/chat", "/anthropic/chat"):
        got = ask(user.ports["PROXY"], "POST", path, {"messages": [{"role": "user", "content": "Hello."}]})
        assert got.status == 200, got.body


@pytest.mark.parametrize("stop_at", [r"Continue\?", "control plane live", "API key for OpenAI", "Further hosted"])
def test_an_interrupt_at_a_prompt_changes_nothing(user: User, stop_at: str) -> None:
    before = user.files()
    screen = Screen(user.terminal(f"{user.launcher} setup"))
    script = [
        (r"Continue\?", ENTER),
        ("control plane live", ENTER),
        ("API key for OpenAI", ENTER),
        ("Model of OpenAI", ENTER),
        ("API key for Cohere", ENTER),
        ("API key for Azure", ENTER),
        ("API key for Anthropic", ENTER),
        ("Model of Anthropic", ENTER),
        ("Further hosted", ENTER),
    ]
    for question, keys in script:
        screen.answer(question, "\x03" if question == stop_at else keys)
        if question == stop_at:
            break
    assert screen.end() == 130, screen.seen
    assert user.files() == before
    assert ask(user.ports["STATUS"], "GET", "/status").status == 200


def test_without_a_terminal_setup_says_what_to_type(user: User) -> None:
    before = user.files()
    done = user.gateway("setup")
    assert done.returncode == 3
    assert "setup --yes" in done.stderr
    assert user.files() == before


def test_piped_into_dash_with_yes(user: User) -> None:
    script = Path(user.checkout / "install.sh").read_bytes()
    done = user.run("dash", "-s", "--", "--yes", stdin=script)
    assert done.returncode == 0, done.stderr
    assert "changed=nothing" in done.stdout


def test_piped_into_sh_without_terminal_or_yes(user: User) -> None:
    script = Path(user.checkout / "install.sh").read_bytes()
    done = user.run("setsid", "-w", "sh", stdin=script)
    assert done.returncode == 3
    assert "no terminal" in done.stderr


@pytest.mark.parametrize("flag", ["--no-such-flag", "--proxy-port=fish", "--runtime=rocket"])
def test_flags_that_do_not_exist_or_fit(user: User, flag: str) -> None:
    done = user.gateway("setup", "--yes", flag)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
