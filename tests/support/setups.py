"""Plans, places and a console for tests of the quickstart's doing half. Not for: starting anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.gateway_process import free_ports

from quickstart.files import Places
from quickstart.plan import LISTENERS, Plan, RoutePlan

KEY = "Bearer sk-canary-5f1d9e37c2"
"""A value that must be in no output, no log and no file but the secrets file."""


def places_in(folder: Path) -> Places:
    """All of a user's places below one folder whose name has a space in it, as home directories may."""
    home = folder / "a home"
    return Places(
        home,
        home / ".config" / "ai-gateway",
        home / ".local/share" / "ai-gateway",
        home / ".local/state" / "ai-gateway",
    )


def a_route(port: int, operation: str = "chat", **more: Any) -> RoutePlan:
    """A route to an OpenAI-shaped server on this machine."""
    path = {"chat": "/v1/chat/completions", "completions": "/v1/completions"}[operation]
    url = f"http://127.0.0.1:{port}{path}"
    made = RoutePlan(
        name=f"mock-api_mock-{operation}", service="mock-api", public="mock", operation=operation, provider="openai",
        title="Mock", model="mock-model", upstream_url=url, shown_upstream=f"localhost:{port}",
        options={"upstream_url": url},
    )  # fmt: skip
    return replace(made, **more)


def a_plan(folder: Path, *routes: RoutePlan, **more: Any) -> Plan:
    """A plan for a plain process on free ports."""
    made = Plan(
        routes=routes, runtime="process", host_network=False, because=(), bind="127.0.0.1",
        ports=dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)), output_dir=folder / "out",
    )  # fmt: skip
    return replace(made, **more)


class _Step:
    def __init__(self, said: list[str]) -> None:
        self._said = said

    def note(self, text: str) -> None:
        self._said.append(text)

    def warn(self, text: str) -> None:
        self._said.append(f"! {text}")

    def progress(self, text: str) -> None:
        self._said.append(text)


class Listening:
    """A Reporter that remembers everything it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def step(self, text: str) -> Iterator[_Step]:
        self.said.append(text)
        yield _Step(self.said)

    def say(self, text: str = "") -> None:
        self.said.append(text)

    def warn(self, text: str, hint: str = "") -> None:
        self.said.append(f"! {text} {hint}")

    @property
    def text(self) -> str:
        return "\n".join(self.said)
