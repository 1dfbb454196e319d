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
