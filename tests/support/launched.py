"""A home in which setups are applied for real: a provider mock upstream, the bundled gateway as a plain process."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any, Self

from support.providers_mock import OpenAI
from support.setups import Listening, a_plan, a_route, places_in

from quickstart import launch
from quickstart.answers import Answers
from quickstart.launch import LaunchResult
from quickstart.local_http import Answer, request
from quickstart.plan import Plan
from quickstart.processes import ProcessRunner

SECRET = "MOCK_AUTH_HEADER"
CANARY = "sk-canary-5f1d9e37c2"


class Launched:
    """Use as a context manager; whatever runs at its end is stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = places_in(folder)
        self.console = Listening()
        self.upstream = OpenAI(CANARY)
        self.runner = ProcessRunner(self.places, os.environ)
        route = a_route(self.upstream.port, model="gpt-6-luna", auth_header="Authorization", secret=SECRET)
        self.plan = a_plan(folder, route, secrets={SECRET: f"Bearer {CANARY}"})

    def __enter__(self) -> Self:
        self.upstream.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.stop()
        self.upstream.__exit__()

    def changed(self, **more: Any) -> Plan:
        return dataclasses.replace(self.plan, **more)

    def with_model(self, model: str) -> Plan:
        return self.changed(routes=(dataclasses.replace(self.plan.routes[0], model=model),))

    def apply(self, plan: Plan | None = None, **more: Any) -> LaunchResult:
        self.console.said.clear()
        return launch.apply(plan or self.plan, Answers(), self.console, self.places, os.environ, **more)

    def ask(self, plan: Plan | None = None) -> Answer:
        """A chat through the gateway of a plan."""
        body = b'{"messages":[{"role":"user","content":"1+1?"}]}'
        return request("127.0.0.1", (plan or self.plan).ports["proxy"], "POST", "/mock/chat", body)

    @property
    def asked_model(self) -> str:
        """What the upstream was last asked for."""
        return str(self.upstream.last.json["model"])

    def files(self) -> dict[str, tuple[bytes, int]]:
        """Every file of ours but logs and what is only about running: its content and time."""
        found = {}
        for path in (*self.places.config.rglob("*"), *self.places.data.rglob("*"), *(self.folder / "out").rglob("*")):
            if path.is_file():
                found[str(path.relative_to(self.folder))] = (path.read_bytes(), path.stat().st_mtime_ns)
        return found

    @property
    def pid(self) -> str:
        return self.runner.status().detail
