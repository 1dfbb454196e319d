"""The three screens that everybody sees, as the real program draws them: a first run, a run that changes something, and
one without questions. Typed through a pseudo-terminal, against providers on loopback.

What differs from run to run (ports, process ids, durations) is replaced by something of the same width. Not for:
judging the screens (tests/e2e/test_screens.py compares them with what a person has looked at).
"""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from support.gateway_process import ask, free_ports
from support.house import ROOT
from support.providers_mock import LlamaCpp, OpenAI
from support.providers_mock_own import Anthropic
from support.typist import ENTER, Typist
from support.user import User

OPENAI_KEY, ANTHROPIC_KEY = "sk-test-0123456789-9fQA", "sk-ant-api03-test-0123-7xAA"
NO, YES = "n", "y"
SHOWN = {"PROXY": "18000", "ADMIN": "18001", "MANAGER": "18002", "PORTAL": "18003", "FILES": "18004", "STATUS": "18100"}
FIRST = {
    "en": [r"Continue\?", "control plane live", "key for OpenAI", "Model of OpenAI", "key for Cohere", "key for Azure",
           "key for Anthropic", "Model of Anthropic", "Further hosted", "provider Mistral", "provider Llama2",
           "Another model server", "URL of the server", r"Model of llama\.cpp", "Public name", "One more", r"Apply\?"],
    "ja": ["続けますか", "コントロールプレーン", "OpenAI の API キー", "OpenAI のモデル", "Cohere の API", "Azure",
           "Anthropic の API キー", "Anthropic のモデル", "ほかに使うプロバイダー", "プロバイダー Mistral",
           "プロバイダー Llama2", "ほかのモデルサーバー", "サーバーの URL", r"llama\.cpp のモデル", "公開名",
           "もう一つ", "適用しますか"],
}  # fmt: skip
AGAIN = {
    "en": [r"Continue\?", "control plane live", "key for OpenAI", "Model of OpenAI", "key for Cohere", "key for Azure",
           "key for Anthropic", "Model of Anthropic", "Further hosted", "should stay", "URL of mistral",
           "Model of mistral", "Another model server", r"Apply\?"],
    "ja": ["続けますか", "コントロールプレーン", "OpenAI の API キー", "OpenAI のモデル", "Cohere の API", "Azure",
           "Anthropic の API キー", "Anthropic のモデル", "ほかに使うプロバイダー", "引き続き使うモデルサーバー",
           "mistral の URL", "mistral のモデル", "ほかのモデルサーバー", "適用しますか"],
}  # fmt: skip
CLEAR = "\x15"


@dataclass
class Story:
    """One person with a terminal of `columns` who reads `language`. Use as a context manager."""

    folder: Path
    language: str
    columns: int
    seen: str = ""  # what a first run showed, for those who share one
    _closing: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        ports = iter(free_ports(4))
        self.openai = self._closing.enter_context(OpenAI(OPENAI_KEY, port=next(ports)))
        self.anthropic = self._closing.enter_context(Anthropic(ANTHROPIC_KEY, port=next(ports)))
        self.llama = self._closing.enter_context(LlamaCpp(port=next(ports)))
        self.moved = self._closing.enter_context(LlamaCpp(port=next(ports)))
        self.user = User(self.folder / "home", installed=False)
        self._closing.callback(self.user.leave)
        self.user.extra = {
            "AI_GATEWAY_LANG": self.language,
            "AI_GATEWAY_ENDPOINT": f"openai={self.openai.url},anthropic={self.anthropic.url}",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gateway_image'}:{ROOT / 'tests'}",
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def terminal(self, *words: str, **environment: str) -> Typist:
        """`ai-gateway WORDS` on the person's terminal."""
        command = [sys.executable, "-m", "support.steady_program", *words]
        return Typist(command, self.user.environment(**environment), self.columns, cwd=str(self.user.home))

    def typed_in(self, encoding: str, *words: str) -> Typist:
        """The same on a terminal that speaks `encoding`."""
        command = [sys.executable, "-m", "support.steady_program", *words]
        environment = self.user.environment(PYTHONIOENCODING=encoding)
        return Typist(command, environment, self.columns, encoding, cwd=str(self.user.home))

    def first(self) -> Typist:
        server = f"localhost:{self.llama.port}"
        keys = [YES, ENTER, OPENAI_KEY + ENTER, ENTER, ENTER, ENTER, ANTHROPIC_KEY + ENTER, ENTER, ENTER, NO, NO, YES,
                server + ENTER, ENTER, ENTER, NO, ENTER]  # fmt: skip
        return self._typed(FIRST, keys)

    def edited(self) -> None:
        """Somebody sets the most tokens of OpenAI's chats, in the Manager or wherever."""
        admin = self.user.ports["ADMIN"]
        found = ask(admin, "GET", "/routes/openai-api_openai-chat/plugins").json["data"]
        plugin = next(item for item in found if item["name"] == "ai-proxy")
        changed = {"config": {"model": {"options": {"max_tokens": 256}}}}
        assert ask(admin, "PATCH", f"/plugins/{plugin['id']}", changed).status == 200

    def again(self) -> Typist:
        """The person chooses another model, and the local server has moved."""
        server = f"localhost:{self.moved.port}"
        keys = [YES, ENTER, ENTER, ENTER, ENTER, ENTER, ENTER, CLEAR + "claude-sonnet-5-5" + ENTER, ENTER, ENTER,
                CLEAR + server + ENTER, ENTER, NO, ENTER]  # fmt: skip
        return self._typed(AGAIN, keys)

    def unattended(self) -> Typist:
        return self.terminal(
            "setup", "--yes", "--local", f"mistral=http://localhost:{self.llama.port}",
            OPENAI_API_KEY=OPENAI_KEY, ANTHROPIC_API_KEY=ANTHROPIC_KEY,
        )  # fmt: skip

    def _typed(self, questions: dict[str, list[str]], keys: list[str]) -> Typist:
        terminal = self.terminal("setup")
        terminal.answers(list(zip(questions[self.language], keys, strict=True)))
        return terminal

    def shown(self, terminal: Typist) -> str:
        """The screen, with what differs from run to run made the same."""
        text = terminal.screen.text
        servers = {"19001": self.openai, "19002": self.anthropic, "17999": self.llama, "18081": self.moved}
        ports = {str(server.port): name for name, server in servers.items()}
        ports |= {str(self.user.ports[name]): shown for name, shown in SHOWN.items()}
        text = re.sub("|".join(ports), lambda found: ports[found[0]], text)
        text = re.sub(r"\bpid \d+", "pid 4242", text)
        text = re.sub(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b", "2026-11-20 14:03", text)
        text = re.sub(r"(running for|稼働) (\d+ min )?\d+ (s|min)", r"\1 9 s", text)
        return re.sub(r"\bms=\d+", "ms=250", text)
