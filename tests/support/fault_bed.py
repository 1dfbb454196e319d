"""A home where faults are made, and what setup and doctor say there. Everything is real but the last step of setup: the
plan is written down without starting anything, unless a fault wants a running gateway.

Not for: the faults themselves (faults_*.py)."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from support.gateway_process import free_ports
from support.house import ROOT
from support.setup_parts import Screen
from support.setups import Listening, places_in

from quickstart import deployment, eyes, launch, preflight, secret_file
from quickstart.answers import Answers
from quickstart.console import Console
from quickstart.deployment import Deployment
from quickstart.discovery import Server
from quickstart.doctor.examination import examine
from quickstart.doctor.finding import Finding
from quickstart.doctor.patient import admit
from quickstart.documents import to_document
from quickstart.errors import QuickstartError
from quickstart.files import SETTINGS_NAME, Places, private_directory, write_atomically
from quickstart.health import RouteHealth, untested
from quickstart.launch import LaunchResult
from quickstart.plan import LISTENERS, Plan
from quickstart.processes import ProcessRunner
from quickstart.render import render
from quickstart.setup import Choices, Setup

KEY = "sk-canary-0a1b2c3d4e5f6071"


class Bed:
    """Use as a context manager. `environment` and `flags` are those of the next setup; `plan` is what it made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = places_in(folder)
        self.environment: dict[str, str] = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.places.home)}
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
        self.flags: dict[str, Any] = {
            "output_dir": str(folder / "out"), "runtime": "process", "discover": False,
            **{f"{name}_port": str(port) for name, port in self.ports.items()},
        }  # fmt: skip
        self.servers: list[Server] = []  # what looking around finds
        self.plan: Plan | None = None
        self.answers = Answers()
        self.route = ""
        self.really = False  # whether setup starts the gateway and tests the routes
        self.prefix: list[str] = []  # put before commands that are typed somewhere else (namespaces.py)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        ProcessRunner(self.places, self.environment).stop()

    # -- what is set up ------------------------------------------------------------------------------------------------

    def hosted(self, provider: str, url: str = "", key: str = KEY, variable: str = "") -> None:
        """The next setup has a key for a provider, at `url` where one is given."""
        self.environment[variable or f"{provider.upper()}_API_KEY"] = key
        if url:
            self.flags["endpoint"] = (*self.flags.get("endpoint", ()), f"{provider}={url}")

    def local(self, url: str, model: str = "m", name: str = "mine") -> None:
        self.flags["local"] = (*self.flags.get("local", ()), f"{name}={url}#{model}")

    def prepare(self) -> None:
        """Setup while all is well; what it made is written down."""
        self.setup()

    def start(self) -> None:
        """The gateway that was set up runs."""
        assert self.plan is not None
        launch.apply(self.plan, self.answers, Listening(), self.places, self.environment, False)

    # -- what is said --------------------------------------------------------------------------------------------------

    def setup(self) -> str:
        """Everything that `setup --yes` says, hints and the error at its end included."""
        if self.prefix:
            return self._typed("setup", "--yes", "--dry-run", *self._options())
        screen = Screen("human", 2000)
        setup = Setup(
            self.environment, self.places, screen.console, eyes=lambda environment, ours: eyes.real(environment, ours),
            machine=preflight.machine, apply=self._apply,
        )  # fmt: skip
        try:
            setup.run(self.flags, Choices(yes=True))
        except QuickstartError as error:
            return f"{screen.text}\n{error.message}\n{error.hint}"
        return screen.text

    def doctor(self) -> list[Finding]:
        if self.prefix:
            document = json.loads(self._typed("doctor", "--json"))
            return [Finding(**entry) for entry in document["findings"]]
        return list(examine(admit(self.places, self.environment, self.route)))

    def _options(self) -> list[str]:
        words = ["--no-discover"]
        for name, value in self.flags.items():
            if name != "discover":
                for one in value if isinstance(value, tuple) else (value,):
                    words += [f"--{name.replace('_', '-')}", one]
        return words

    def _typed(self, *words: str) -> str:
        """`ai-gateway WORDS` typed somewhere else, by somebody with little patience."""
        code = (
            "import sys; from quickstart import keycheck, cli; keycheck.TIMEOUT = 1.0; sys.exit(cli.main(sys.argv[1:]))"
        )
        done = subprocess.run(
            [*self.prefix, sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60,
            env={**self.environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'gateway_image'}", "COLUMNS": "2000"},
        )  # fmt: skip
        return done.stdout if words[0] == "doctor" else done.stdout + done.stderr

    def _apply(
        self, plan: Plan, answers: Answers, console: Console, places: Places, environ: Mapping[str, str], test: bool,
        **more: Any,
    ) -> LaunchResult:  # fmt: skip
        self.plan, self.answers = plan, answers
        if self.really:
            result = launch.apply(plan, answers, console, places, environ, test, **more)
            for one in result.unhealthy:
                console.warn(f"{one.path}: {one.message}", one.hint)
            return result
        write_down(plan, answers, places)
        routes: tuple[RouteHealth, ...] = tuple(untested(route) for route in plan.routes)
        return LaunchResult(("configuration",), False, routes)


def write_down(plan: Plan, answers: Answers, places: Places) -> None:
    """The files of a setup, as launch writes them, without starting anything."""
    for folder in (places.config, places.data, places.state, plan.output_dir):
        private_directory(folder)
    private_directory(places.configuration.parent, 0o755)
    image = ProcessRunner(places, {}).prepare(plan, lambda text: None)
    text = render(plan).kong_yml
    secret_file.write(places.secrets, plan.secrets)
    write_atomically(places.configuration, text, 0o644)
    write_atomically(plan.output_dir / SETTINGS_NAME, text)
    write_atomically(places.answers, yaml.safe_dump(to_document(answers), sort_keys=False))
    bare = dataclasses.replace(plan, secrets={})
    write_atomically(places.deployment, deployment.to_text(Deployment(bare, image)))
