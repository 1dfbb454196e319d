"""A gateway that is set up in a home of its own, and a shell there: `ai-gateway ...` as it is typed.

Not for: setting up through the wizard (user.py), starting without commands (launched.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.house import ROOT
from support.launched import Launched
from support.providers_mock import OpenAI
from support.setups import a_route

PROGRAM = [sys.executable, "-P", "-m", "quickstart.cli"]


class Shell(Launched):
    """Types `ai-gateway ...` in a home of its own."""

    def environment(self, **more: str) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "gateway_image")])
        # No engine is asked: containers have tests of their own.
        engine = {"DOCKER_HOST": "unix:///no/such/docker.sock"}
        return {"HOME": str(self.places.home), "PATH": os.environ["PATH"], "PYTHONPATH": path, **engine, **more}

    def type(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words], env=self.environment(**variables), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, start_new_session=True,
        )  # fmt: skip


@contextmanager
def shell_in(folder: Path) -> Iterator[Shell]:
    """A running gateway with one route, /mock/chat, and the shell beside it."""
    with Shell(folder) as made:
        made.apply()
        yield made


@contextmanager
def talking(folder: Path) -> Iterator[Shell]:
    """The same with a second route, /sour/chat, whose provider says that the account has no credit."""
    with Shell(folder) as made, OpenAI("") as sour:
        sour.trouble = "no_credit"
        second = a_route(sour.port, name="sour-api_sour-chat", service="sour-api", public="sour", model="gpt-6-luna")
        made.plan = made.changed(routes=(*made.plan.routes, second))
        made.apply()
        yield made
