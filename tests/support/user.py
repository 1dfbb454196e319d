"""A person with a fresh home directory who types commands: their environment, files and terminal.

Not for: the tests' own process; everything here runs as other processes, as it would for a user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
from support.gateway_process import free_ports
from support.house import ROOT

from quickstart.container_spec import INSTANCE, instance
from quickstart.files import Places

PORT_NAMES = ("PROXY", "ADMIN", "MANAGER", "PORTAL", "FILES", "STATUS", "LOCAL_MODEL")
KEPT = ("AI_GATEWAY_LANG", "LANG", "PATH", "TMPDIR")  # and what follows: whatever makes downloads work on this machine
KEPT_PREFIXES = ("SSL_", "PIP_", "UV_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy", "DOCKER_")
OURS = "ai-gateway"
CHECKOUT = ("install.sh", "*.toml", "*.txt", "*.md", "LICENSE", "quickstart", "gateway_image", "templates")


def cache(name: str) -> str:
    """A package cache of the real user: a test that starts with a fresh home does not download the world again."""
    return str(Path.home() / ".cache" / name)


@dataclass
class User:
    """`runtime` and free ports are told through the environment, so that commands are those of the README.

    With `installed` the program is the one that install.sh put into the home, else the one of this checkout.
    """

    home: Path
    runtime: str = "process"
    installed: bool = True
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.ports = dict(zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True))

    @property
    def output(self) -> Path:
        return self.home / "kong" / OURS

    @property
    def launcher(self) -> Path:
        return self.home / ".local" / "bin" / OURS

    @property
    def data(self) -> Path:
        return self.home / ".local" / "share" / OURS

    @property
    def config(self) -> Path:
        return self.home / ".config" / OURS

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / OURS

    @property
    def secrets(self) -> Path:
        return self.config / "secrets.env"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if n in KEPT or n.startswith(KEPT_PREFIXES)}
        mine = {
            "HOME": str(self.home),
            "TERM": "xterm-256color",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            "PIP_CACHE_DIR": cache("pip"),
            "UV_CACHE_DIR": cache("uv"),
            "AI_GATEWAY_RUNTIME": self.runtime,
            "AI_GATEWAY_OUTPUT_DIR": str(self.output),
            "AI_GATEWAY_DISCOVER": "no",
            "AI_GATEWAY_CA_FILE": "system",  # what makes downloads work here is nothing that this person set up
            **{f"AI_GATEWAY_{name}_PORT": str(port) for name, port in self.ports.items()},
        }
        if not self.installed:
            mine["PYTHONPATH"] = f"{ROOT}:{ROOT / 'gateway_image'}"
        return {**kept, **mine, **self.extra, **more}

    def run(
        self, *command: str | Path, seconds: float = 300, stdin: bytes | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command without a terminal; never raises for its exit code."""
        done = subprocess.run(
            [str(word) for word in command],
            env=self.environment(**environment),
            cwd=self.home,
            input=stdin if stdin is not None else b"",
            capture_output=True,
            timeout=seconds,
            start_new_session=True,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def program(self) -> list[str]:
        return [str(self.launcher)] if self.installed else [sys.executable, "-m", "quickstart.cli"]

    def gateway(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`ai-gateway WORDS`."""
        return self.run(*self.program, *words, **environment)

    @property
    def checkout(self) -> Path:
        """A copy of this checkout, as a clone would be; it stays the same while somebody edits the real one."""
        copy = self.home.parent / "checkout"
        if not copy.exists():
            copy.mkdir()
            for name in CHECKOUT:
                for path in ROOT.glob(name):
                    if path.is_dir():
                        shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
                    else:
                        shutil.copy2(path, copy)
        return copy

    def install(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`./install.sh WORDS` in a checkout."""
        return self.run(self.checkout / "install.sh", *words, **environment)

    def terminal(self, command: str, seconds: float = 120, **environment: str) -> pexpect.spawn[str]:
        """A shell command line in a terminal of 100 columns."""
        return pexpect.spawn(
            "/bin/bash",
            ["-c", command],
            env=self.environment(**environment),  # type: ignore[arg-type]
            cwd=str(self.home),
            encoding="utf-8",
            timeout=seconds,
            dimensions=(45, 100),
        )

    def container_label(self) -> str:
        """A filter for `docker ps` and `docker images` that finds this user's own."""
        return f"label={INSTANCE}={instance(Places.from_environment(self.environment()))}"

    def leave(self) -> None:
        """Stops and removes whatever is left, whether or not a test got so far."""
        if self.launcher.exists() or not self.installed:
            self.gateway("uninstall", "--purge", "--yes")
        shutil.rmtree(self.home, ignore_errors=True)

    def files(self) -> dict[str, tuple[int, int]]:
        """Path below home -> (modification time in ns, size) of every file and link of ours, without logs and what is
        only true while something runs."""
        found = {}
        for top in (self.launcher, self.data, self.config, self.state, self.output):
            for path in [top, *top.rglob("*")]:
                if not os.path.lexists(path) or (path.is_dir() and not path.is_symlink()):
                    continue
                if path.suffix != ".log" and not {"__pycache__", "logs", "run"} & set(path.parts):
                    state = path.lstat()
                    found[str(path.relative_to(self.home))] = (state.st_mtime_ns, state.st_size)
        return found


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")
