"""The real decK, Kong's own program for configuration as files: built once from tests/tools/deck into the user's cache,
and run against an Admin API. As a program, builds it and prints where it is.

Not for: what a gateway answers it (tests/e2e/test_deck_*.py).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MODULE = Path(__file__).resolve().parent.parent / "tools" / "deck"
PACKAGE = "github.com/kong/deck"
BUILDING_SECONDS = 900
_GOES_HERE = "/usr/local/go/bin"
"""Where Go's own installer puts it; a shell that is not a login shell does not know."""


class Unavailable(Exception):
    """decK could not be built; `str()` says why."""


def _go() -> str | None:
    return shutil.which("go") or shutil.which("go", path=_GOES_HERE)


def missing() -> str:
    """Why tests with decK cannot run here; "" when they can, though it may first have to be built."""
    return "" if _go() else "Go is not installed, and decK is built with it: install Go 1.21 or newer"


def binary() -> Path:
    """The program, built if it is not there: minutes the first time. Raises Unavailable."""
    go = _go()
    if go is None:
        raise Unavailable(missing())
    told = _run(go, "version", seconds=60)
    stamp = hashlib.sha256(b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum")) + told).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai-gateway-tests"
    cache.mkdir(parents=True, exist_ok=True)
    built = cache / f"deck-{stamp[:12]}"
    with (cache / "deck.lock").open("a+") as lock:
        waited = not _taken(lock)
        if waited:
            fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits for the first one's build
        if not built.exists():
            if waited:  # a second try would take as long again; what is compiled by then is kept for the next run
                raise Unavailable("another test could not build it in time: run the tests again")
            unfinished = cache / "deck.unfinished"
            _run(go, "build", "-trimpath", "-ldflags=-s -w", "-o", str(unfinished), PACKAGE, seconds=BUILDING_SECONDS)
            unfinished.replace(built)
            for old in cache.glob("deck-*"):
                if old != built:
                    old.unlink()
    return built


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(*words: str, seconds: float) -> bytes:
    """In the module's folder. What go.sum does not know is not taken, so nobody else is asked about sums."""
    said = {**os.environ, "GOFLAGS": "-mod=readonly", "GONOSUMDB": "*", "CGO_ENABLED": "0"}
    try:
        done = subprocess.run(
            words, cwd=MODULE, env=said, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{' '.join(words[:2])} did not end well: {error}") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"decK cannot be built: {' '.join(last)}")
    return done.stdout


@dataclass(frozen=True)
class Summary:
    """What a sync, an apply or a diff did or would do."""

    created: int
    updated: int
    deleted: int


class Refused(Exception):
    """decK ended with an error; `str()` is all that it said."""


@dataclass(frozen=True)
class Deck:
    """decK for one Admin API. `home` takes the place of the user's own home."""

    program: Path
    address: str
    home: Path

    def run(self, *words: str, more: Mapping[str, str] | None = None) -> str:
        """What it says on its standard output. `more` are environment variables. Raises Refused."""
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.home), "NO_PROXY": "*", **(more or {})}
        done = subprocess.run(
            [str(self.program), *words, "--kong-addr", self.address, "--analytics=false", "--no-color"],
            cwd=self.home, env=kept, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout

    def sync(self, *files: Path, tags: str = "") -> Summary:
        """`tags`: as --select-tag takes them."""
        return self._changes("sync", files, tags)

    def apply(self, *files: Path) -> Summary:
        return self._changes("apply", files, "")

    def diff(self, *files: Path, tags: str = "") -> Summary:
        return self._changes("diff", files, tags)

    def dump(self, file: Path, *words: str) -> Path:
        self.run("gateway", "dump", "--output-file", str(file), "--yes", *words)
        return file

    def _changes(self, command: str, files: tuple[Path, ...], tags: str) -> Summary:
        chosen = ("--select-tag", tags) if tags else ()
        told = self.run("gateway", command, *map(str, files), *chosen)
        found = re.search(r"Created: (\d+)\n +Updated: (\d+)\n +Deleted: (\d+)", told)
        assert found, told
        return Summary(*map(int, found.groups()))


if __name__ == "__main__":
    print(binary())
