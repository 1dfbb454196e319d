"""Environments with what tests call the gateway with (the official SDKs, Schemathesis) and what it is measured beside
(LiteLLM, Portkey): made on demand in the user's cache and kept, one per set and Python.

Not for: what the SDKs do (tests/integration). Only what is pinned by hash is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from support.house import ROOT

SETS = {
    "new": "requirements-sdk.txt",
    "frameworks": "requirements-sdk-frameworks.txt",
    "old": "requirements-sdk-old.txt",
    "schemathesis": "requirements-schemathesis.txt",
    "sbom": "requirements-sbom.txt",
    "litellm": "requirements-litellm.txt",
}
MAKING_SECONDS = 600


class Unavailable(Exception):
    """A set could not be installed; `str()` says why."""


def python_of(name: str) -> Path:
    """The interpreter of a set. Raises Unavailable."""
    requirements = ROOT / SETS[name]
    return kept(f"sdk-{name}", [requirements], lambda home: _make(home, requirements)) / "bin" / "python"


def npm_packages(folder: Path) -> Path:
    """The node_modules of what the package-lock.json in `folder` pins; no package's own scripts are run. Raises
    Unavailable."""
    if shutil.which("npm") is None:
        raise Unavailable("npm is not installed: install Node.js 20 or newer with its npm")
    files = [folder / name for name in ("package.json", "package-lock.json", ".npmrc")]

    def make(home: Path) -> None:
        home.mkdir()
        for file in files:
            shutil.copy(file, home)
        _run("npm", "ci", "--prefix", str(home), "--ignore-scripts", "--no-audit", "--no-fund")

    return kept(f"npm-{folder.name}", files, make) / "node_modules"


def kept(name: str, files: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """A folder of the cache that `make` fills, anew when one of the files has changed."""
    told = b"".join(file.read_bytes() for file in files) + sys.version.encode()
    stamp = hashlib.sha256(told).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai-gateway-tests"
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"{name}-{stamp}"
    done = home / ".complete"
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one run want the same one at once
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            make(home)
            done.touch()
            for old in cache.glob(f"{name}-????????????"):
                if old != home:
                    shutil.rmtree(old, ignore_errors=True)
    return home


def _make(home: Path, requirements: Path) -> None:
    """What is listed and nothing else: the lists are whole."""
    python = str(home / "bin" / "python")
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(home))
        _run(
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--no-deps",
            "--require-hashes",
            "-r",
            str(requirements),
        )
        return
    _run(sys.executable, "-m", "venv", str(home))
    install = (python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-compile")
    _run(*install, "--no-deps", "--require-hashes", "-r", str(requirements))


def _run(*words: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    try:
        done = subprocess.run(
            words, env=kept, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=MAKING_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{Path(words[0]).name} did not end well: {error}") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise Unavailable(f"{words[0]} cannot install what is wanted: {' '.join(last)}")
