"""Virtual environments with what tests call the gateway with, the official SDKs and Schemathesis: made on demand in the
user's cache and kept, one per set and Python.

Not for: what the SDKs do (tests/integration). Only what is pinned by hash is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.house import ROOT

SETS = {
    "new": "requirements-sdk.txt",
    "frameworks": "requirements-sdk-frameworks.txt",
    "old": "requirements-sdk-old.txt",
    "schemathesis": "requirements-schemathesis.txt",
}
MAKING_SECONDS = 600


class Unavailable(Exception):
    """A set could not be installed; `str()` says why."""


def python_of(name: str) -> Path:
    """The interpreter of a set. Raises Unavailable."""
    requirements = ROOT / SETS[name]
    stamp = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai-gateway-tests"
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"sdk-{name}-{stamp}"
    done = home / ".complete"
    with (cache / f"sdk-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one run want the same one at once
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            _make(home, requirements)
            done.touch()
            for old in cache.glob(f"sdk-{name}-*"):
                if old != home:
                    shutil.rmtree(old, ignore_errors=True)
    return home / "bin" / "python"


def _make(home: Path, requirements: Path) -> None:
    python = str(home / "bin" / "python")
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(home))
        _run(uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(requirements))
        return
    _run(sys.executable, "-m", "venv", str(home))
    install = (python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-compile")
    _run(*install, "--require-hashes", "-r", str(requirements))


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
        raise Unavailable(f"what the tests call with cannot be installed: {' '.join(last)}")
