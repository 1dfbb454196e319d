"""Runs the program again and again, each time in a fork, and kills it (SIGKILL) before a step of choice: a request to
Konnect, a call of the container engine, a file moved to its place.

Run as a program of its own: JSON lines in (`environment`, `words`, `kill_at`, `log`, `printed`), one line out for each
(`status`: exit code, negative for a signal). Not for: judging what came of it.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from support.house import ROOT


@dataclass(frozen=True)
class Run:
    status: int
    steps: list[str]  # in their order, the one it was killed before included
    printed: str


class Killer:
    """The other side: use as a context manager."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        paths = [str(ROOT), str(ROOT / "gateway_image"), str(ROOT / "tests")]
        self._process = subprocess.Popen(
            [sys.executable, __file__], env={**environment, "PYTHONPATH": ":".join(paths)}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def run(self, *words: str, environment: dict[str, str], kill_at: int = 0) -> Run:
        """One run of the program; `kill_at` counts steps from 1, 0 = never."""
        log, printed = self._folder / "steps", self._folder / "printed"
        log.write_text("")
        asked = {
            "words": words, "environment": environment, "kill_at": kill_at, "log": str(log), "printed": str(printed),
        }  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        status = json.loads(self._process.stdout.readline())["status"]
        return Run(status, log.read_text().splitlines(), printed.read_text())


def _watch(kill_at: int, log: Path) -> None:
    """From now on every step is counted, and the process ends before the one of that number."""
    import httpx
    import requests

    count = 0

    def step(name: str) -> None:
        nonlocal count
        count += 1
        with log.open("a") as file:
            file.write(name + "\n")
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(kind: Any, method: str, named: Callable[..., str]) -> None:
        original = getattr(kind, method)

        def stepping(self: Any, *words: Any, **more: Any) -> Any:
            step(named(*words, **more))
            return original(self, *words, **more)

        setattr(kind, method, stepping)

    def asked(request: httpx.Request, **_: Any) -> str:
        return f"request {request.method} {request.url.path}"  # to Konnect; one to the provider, for its key

    before(httpx.Client, "send", asked)
    before(requests.Session, "send", lambda request, **_: f"engine {request.method} {request.path_url}")
    before(Path, "replace", lambda target: f"file {Path(target).name}")


def _child(asked: dict[str, Any]) -> int:
    os.environ.clear()
    os.environ.update(asked["environment"])
    printed = os.open(asked["printed"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    _watch(asked["kill_at"], Path(asked["log"]))
    from quickstart import cli

    status = cli.main(asked["words"])
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _serve() -> None:
    import quickstart

    for module in pkgutil.walk_packages(quickstart.__path__, "quickstart."):  # once, for all forks
        if not module.name.endswith(".resources"):
            importlib.import_module(module.name)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(_child(asked))
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    _serve()
