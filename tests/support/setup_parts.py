"""Parts to run setup with, without a terminal, a network or a home of one's own. Not for: judging anything."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.providers._base import Provider
from quickstart.answers import Answers
from quickstart.console import Console, Mode
from quickstart.container_spec import Engine, EngineProblem
from quickstart.discovery import Probed, Server
from quickstart.eyes import Eyes
from quickstart.keycheck import KeyCheck
from quickstart.preflight import Machine
from quickstart.prompter import ScriptedPrompter
from quickstart.sources import Sources
from quickstart.wizard_hosted import Desk

CANARY = "sk-canary-DoNotShowThisAnywhere-9fQA"
ACCEPTED = KeyCheck("ok", "ok", "key accepted")
TEXT_WIDTHS = (60, 80, 120)


@dataclass
class World:
    """What setup sees, and what it asked about. Keys that nobody listed here are accepted."""

    checks: dict[str, KeyCheck] = field(default_factory=dict)  # provider -> outcome
    servers: list[Server] = field(default_factory=list)
    answers: dict[str, Probed] = field(default_factory=dict)  # base URL -> what is there
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def eyes(self) -> Eyes:
        return Eyes(self._check, lambda: list(self.servers), lambda base, key="": self.answers.get(base))

    def _check(self, provider: Provider, value: str, endpoint: str) -> KeyCheck:
        self.asked.append((provider.name, value, endpoint))
        return self.checks.get(provider.name, ACCEPTED)


class Screen:
    """A console whose output can be read back."""

    def __init__(self, mode: Mode = "human", width: int = 80, environment: Mapping[str, str] | None = None) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(mode, environment or {}, self.out, self.err, width, clock=lambda: 0.0)

    @property
    def text(self) -> str:
        return self.err.getvalue() + self.out.getvalue()


def desk(
    script: Sequence[tuple[str, Any]] = (),
    world: World | None = None,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    saved: Answers | None = None,
    secrets: Mapping[str, str] | None = None,
    screen: Screen | None = None,
) -> tuple[Desk, ScriptedPrompter, Screen]:
    prompter = ScriptedPrompter(script)
    screen = screen or Screen()
    sources = Sources(flags or {}, environment or {}, saved, secrets or {})
    return Desk(sources, prompter, screen.console, (world or World()).eyes()), prompter, screen


def machine(tmp_path: Path, taken: Mapping[int, str] | None = None, engine: Engine | None = None) -> Machine:
    """A machine where only `taken` ports (port -> owner) are in use; without `engine`, no container engine answers."""
    busy = dict(taken or {})

    def connect() -> Engine:
        if engine is None:
            raise EngineProblem("missing", "There is no container engine.", "Run without: --runtime process")
        return engine

    return Machine(
        lambda port, address: port not in busy, lambda port: busy.get(port, ""), connect, lambda path: 10**12, tmp_path
    )
