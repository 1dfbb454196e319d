"""Keeps one command running without a terminal: `python -m quickstart.supervisor --record F --log F -- COMMAND`.

It leaves its caller at once (a session of its own, no terminal, none of the caller's pipes), restarts the command after
a crash with growing pauses, writes its output to a log of limited size, and passes SIGTERM and SIGHUP on. The command's
own exit with 0 ends it. Standard library only: it starts on the way to the first answer. Not for: deciding what runs
(processes.py, local_model.py).
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quickstart.files import write_atomically
from quickstart.log_file import LogFile
from quickstart.process_identity import identity

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the first, second, ... restart in a row."""
WELL_AFTER = 60.0
"""Seconds of running after which the next crash counts as a first one."""
GRACE = 30.0
"""Seconds that the command has to end after SIGTERM."""
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Supervisor:
    """One command, watched from one thread. `run` returns when the command is over for good."""

    def __init__(
        self,
        command: Sequence[str],
        record: Path,
        log: LogFile,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        pauses: Sequence[float] = PAUSES,
        grace: float = GRACE,
    ) -> None:
        self._command = list(command)
        self._record = record
        self._log = log
        self._clock = clock
        self._wall = wall
        self._pauses = pauses
        self._grace = grace
        self._child: subprocess.Popen[bytes] | None = None
        self._selector = selectors.DefaultSelector()
        self._since = wall()
        self._started = 0.0
        self._restarts = 0
        self._in_a_row = 0
        self._last_exit: int | None = None
        self._stopping = False
        self._over = False
        self._due: float | None = None  # of the next restart, or of the kill while stopping

    def run(self, started: Callable[[], None]) -> int:
        """`started` is called once the command runs. Returns the command's last exit code."""
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in _PASSED_ON:
            signal.signal(number, lambda *_: None)
        self._selector.register(reading, selectors.EVENT_READ, self._signalled)
        try:
            self._spawn()
            started()
            while not self._over:
                left = None if self._due is None else max(0.0, self._due - self._clock())
                for key, _ in self._selector.select(left):
                    key.data(key.fileobj)
                if self._due is not None and self._clock() >= self._due:
                    self._due = None
                    self._on_time()
            return self._last_exit or 0
        finally:
            self._record.unlink(missing_ok=True)
            self._log.close()

    def _spawn(self) -> None:
        self._child = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            process_group=0,  # so that all of it can be ended, and a terminal's Ctrl-C never reaches it
        )
        self._started = self._clock()
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdout.fileno(), False)
        self._selector.register(self._child.stdout, selectors.EVENT_READ, self._copy)
        self._write_record()

    def _write_record(self) -> None:
        content: dict[str, Any] = {
            "supervisor": identity(os.getpid()),
            "child": identity(self._child.pid) if self._child is not None else None,
            "command": self._command,
            "since": self._since,
            "restarts": self._restarts,
            "last_exit": self._last_exit,
        }
        write_atomically(self._record, json.dumps(content))

    def _copy(self, output: Any) -> None:
        if output.closed:  # its end and the command's came in one turn, and the command's was seen to first
            return
        data = output.read(1 << 16)
        if data:
            self._log.write(data)
        elif data is not None:  # the end; None: nothing there after all
            self._selector.unregister(output)

    def _signalled(self, reading: int) -> None:
        for number in os.read(reading, 1024):
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP and self._child is not None:
                self._child.send_signal(signal.SIGHUP)
            elif number == signal.SIGCHLD and self._child is not None and self._child.poll() is not None:
                self._ended(self._child)

    def _stop(self) -> None:
        self._stopping = True
        if self._child is None:  # between two tries
            self._over = True
            return
        self._child.send_signal(signal.SIGTERM)
        self._due = self._clock() + self._grace

    def _on_time(self) -> None:
        if self._stopping and self._child is not None:
            _signal_group(self._child.pid, signal.SIGKILL)
        elif not self._stopping:
            self._restarts += 1
            try:
                self._spawn()
            except OSError as error:
                self._log.write(f"supervisor: cannot start the command again: {error}\n".encode())
                self._over = True

    def _ended(self, child: subprocess.Popen[bytes]) -> None:
        _signal_group(child.pid, signal.SIGKILL)  # workers that outlived their parent would keep the ports
        assert child.stdout is not None
        if child.stdout in self._selector.get_map():
            while data := child.stdout.read(1 << 16):
                self._log.write(data)
            self._selector.unregister(child.stdout)
        child.stdout.close()
        self._child, self._last_exit, self._due = None, child.returncode, None
        if self._stopping or child.returncode == 0:
            self._over = True
            return
        if self._clock() - self._started >= WELL_AFTER:
            self._in_a_row = 0
        pause = self._pauses[min(self._in_a_row, len(self._pauses) - 1)]
        self._in_a_row += 1
        self._due = self._clock() + pause
        self._log.write(f"supervisor: the command ended with {child.returncode}; again in {pause:g} s\n".encode())
        self._write_record()


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()  # macOS has no pipe2
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    return reading, writing


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass  # nobody of it is left


def detach(work: Callable[[Callable[[], None]], int]) -> int:
    """Runs `work(started)` in a process of its own and returns once it has called `started`: 0, or 1 with what went
    wrong on standard error. Nothing of the caller stays open in the new process."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        if said == b"ok":
            return 0
        sys.stderr.write(said.decode("utf-8", "replace") or "the supervisor ended at once")
        return 1
    try:
        os.close(reading)
        os.setsid()
        os.umask(0o077)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)

        def started() -> None:
            os.write(writing, b"ok")
            os.close(writing)

        work(started)
    except BaseException as error:
        try:
            os.write(writing, str(error).encode())
        except OSError:
            pass  # it had started before
        os._exit(1)
    os._exit(0)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="supervisor", description=__doc__)
    parser.add_argument("--record", type=Path, required=True, help="file that says what runs")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--log-limit", type=int, default=10_000_000, help="bytes of one log file")
    parser.add_argument("--log-keep", type=int, default=3, help="older log files kept")
    parser.add_argument("command", nargs="+", help="after --")
    given = parser.parse_args(arguments)

    def work(started: Callable[[], None]) -> int:
        log = LogFile(given.log, given.log_limit, given.log_keep)
        return Supervisor(given.command, given.record, log).run(started)

    return detach(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
