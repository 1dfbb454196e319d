"""Plain processes under a supervisor: the gateway where there is no container engine, and the built-in model.

Not for: containers (containers.py), keeping the process up (supervisor.py), whether it answers (health.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from quickstart import assets, image, runtime
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem
from quickstart.files import Places, private_directory
from quickstart.log_file import follow, tail
from quickstart.plan import Plan
from quickstart.process_identity import is_alive, pid_of
from quickstart.runtime import Progress, RunStatus
from quickstart.supervisor import GRACE

_INHERITED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
_WAY_OUT = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")
_POLL = 0.02  # seconds between two looks at a process that is ending


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What a long-running child gets of our environment: enough to run and to reach the network. The keys that the
    person's shell exports are not among it."""
    return {
        name: value
        for name, value in environ.items()
        if name in _INHERITED or name.startswith("LC_") or name.lower() in ("http_proxy", "https_proxy", "no_proxy")
    }


class Supervised:
    """One named command under a supervisor: its record in run/NAME.json, its output in logs/NAME.log."""

    def __init__(
        self,
        name: str,
        places: Places,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.record = places.run / f"{name}.json"
        self.log = places.logs / f"{name}.log"
        self._places = places
        self._clock = clock
        self._sleep = sleep

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts it, detached from us. What is left of an earlier run is stopped first. Raises EnvironmentProblem."""
        self.stop()
        for folder in (self._places.run, self._places.logs):
            private_directory(folder)
        path = assets.import_path()
        supervisor = [sys.executable, "-P", "-m", "quickstart.supervisor"]
        try:
            done = subprocess.run(
                [*supervisor, "--record", str(self.record), "--log", str(self.log), "--", *command],
                env={**environment, **({"PYTHONPATH": path} if path else {}), "PYTHONUNBUFFERED": "1"},
                cwd=self._places.state,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=30,
            )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentProblem(f"The {self.name} process did not start within 30 s.") from error
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise EnvironmentProblem(f"The {self.name} process cannot be started: {' '.join(reason)}.")

    def recorded(self) -> dict[str, Any]:
        """What the supervisor last wrote; empty when nothing was started or the record is damaged."""
        try:
            found = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def status(self) -> RunStatus:
        record = self.recorded()
        if not record:
            return RunStatus(False)
        watched = is_alive(str(record.get("supervisor")))
        child = str(record.get("child"))
        restarts = int(record.get("restarts", 0))
        since = float(record.get("since", 0.0))
        if is_alive(child):
            return RunStatus(True, f"pid {pid_of(child)}{'' if watched else ', unsupervised'}", since, restarts)
        if watched:
            ended = record.get("last_exit")  # None: it has only just ended, and the supervisor is about to say how
            return RunStatus(False, "", since, restarts, "" if ended is None else f"it ended with exit code {ended}")
        return RunStatus(False, "", None, restarts, "it was killed or the machine was restarted")

    def command(self) -> list[str]:
        """The command of what runs now, empty when nothing does."""
        return [str(word) for word in self.recorded().get("command", [])] if self.status().running else []

    def stop(self) -> bool:
        """Ends it, after what it still has to do; False when it did not run. Never touches another's process."""
        record = self.recorded()
        running = False
        for name, patience in (("supervisor", GRACE + 5), ("child", 5.0)):
            known = str(record.get(name))
            if is_alive(known):
                running = True
                self._end(known, patience)
        self.record.unlink(missing_ok=True)
        return running

    def _end(self, known: str, patience: float) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid_of(known), number)
            except ProcessLookupError:
                return
            deadline = self._clock() + patience
            while is_alive(known) and self._clock() < deadline:
                self._sleep(_POLL)
            if not is_alive(known):
                return

    def logs(self, lines: int, following: bool = False) -> Iterator[str]:
        if not following:
            yield from tail(self.log, lines)
            return
        yield from follow(self.log, self._pause, lines)

    def _pause(self) -> bool:
        self._sleep(0.2)
        return True


class ProcessRunner:
    """runtime.Runner for a plain process."""

    def __init__(self, places: Places, environ: Mapping[str, str]) -> None:
        self._places = places
        self._environ = environ
        self.supervised = Supervised("gateway", places)

    def prepare(self, plan: Plan, progress: Progress) -> str:
        """Nothing is slow here. What comes back stands for the program's code and interpreter: after an upgrade it is
        another one, and the old process is replaced."""
        return f"process:{image.fingerprint(image.content(), sys.executable)}"

    def start(self, deployment: Deployment) -> None:
        private_directory(self._places.prefix)
        plan = deployment.plan
        listening = runtime.settings(
            plan, plan.bind, str(self._places.configuration), str(self._places.prefix), str(self._places.secrets),
            plan.ca_file,
        )  # fmt: skip
        # the way out is the one that was set up, whichever shell this is
        kept = {name: value for name, value in inherited(self._environ).items() if name.upper() not in _WAY_OUT}
        self.supervised.start([sys.executable, "-P", "-m", "gateway", "start"], kept | listening)

    def stop(self) -> bool:
        return self.supervised.stop()

    def discard(self) -> None:
        self.supervised.stop()

    def status(self) -> RunStatus:
        return self.supervised.status()

    def refresh(self, deployment: Deployment) -> None:
        """A process reads the files themselves."""

    def logs(self, lines: int, follow: bool = False) -> Iterator[str]:
        return self.supervised.logs(lines, follow)

    def tidy(self, deployment: Deployment) -> None:
        """A process leaves nothing behind."""

    def leftovers(self) -> list[str]:
        status = self.status()
        return [f"process {status.detail.removeprefix('pid ')}: the gateway"] if status.running else []

    def remove(self) -> None:
        self.stop()
