"""The worker processes as the control process sees them: started, fed with configuration, replaced when they die.

Not for: what happens inside one (worker.py), the control process's own life (process.py).

A configuration is given in two steps: every worker compiles it and says so, then all swap. One that refuses keeps all
on the old one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

from gateway.entities import Config
from gateway.errors import ConfigError, GatewayError
from gateway.metrics import Dump, merge
from gateway.transport.changes import changes
from gateway.transport.channel import Channel, Message
from gateway.transport.outages import Outages

PREPARE_SECONDS = 60.0
"""How long a worker may take to compile a configuration."""
START_SECONDS = 60.0
COUNT_SECONDS = 0.5
"""How long a worker may take to tell its numbers; then its last ones stand for them."""
PULSE_SECONDS = 5.0
"""How often each worker is asked whether it is there."""
HUNG_SECONDS = 30.0
"""How long it may take to say so. One that is stopped or hangs still has its share of the connections, which would wait
for ever; nobody can tell that from outside but by its silence."""
GRACE_SECONDS = 5.0
"""How long it is asked once more: perhaps it was this process that stood still, and the answer has long been there."""
DELAYS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a worker that died is started again: longer each time, from the start again after it stayed up."""
STAYED_UP = 30.0
_EVER_GROWING = ("connections_accepted", "connections_handled", "total_requests")
_log = logging.getLogger("gateway")


class WorkerError(GatewayError):
    """The workers cannot be started, or one ended while it was given a configuration."""


class Member:
    """One place among the workers; its process changes."""

    def __init__(self, number: int, sockets: list[list[Any]]) -> None:
        self.number = number
        self.sockets = sockets  # [descriptor, port, ssl] of its listeners
        self.process: asyncio.subprocess.Process | None = None
        self.channel: Channel | None = None
        self.ready = False
        self.generation = 0
        self.failures = 0  # deaths in a row
        self.counts: dict[str, int] = {}  # what its process counted so far
        self.metrics: Dump = {}  # the same for what plugins counted
        self.waiting: dict[tuple[str, int], asyncio.Future[Message]] = {}  # what was asked, until it is answered


_HEAP = {"MALLOC_TRIM_THRESHOLD_": str(8 << 20), "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
"""What glibc reads: a large body's memory is kept for the next one. Given back to the system, each would begin with a
page fault per 4 KB, or not, as the heap happens to lie: up to a quarter of what a request of 100 KB costs."""


class Workers:
    """`config` is what every worker serves, or will once it is up."""

    def __init__(
        self,
        members: list[Member],
        counters: int,
        config: Config,
        command: tuple[str, ...] = (),
        node_id: str = "",
        *,
        marks: int,
    ) -> None:
        self.members = members
        self.config = config
        self.generation = 1
        self._counters = counters  # descriptors of the tables that all share
        self._marks = marks
        self._node_id = node_id
        self._command = command or (sys.executable, "-m", "gateway", "worker")
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._outages = Outages()
        self._changed = asyncio.Event()
        self._questions = 0
        self._ended_counts: dict[str, int] = {}  # of processes that are no more
        self._ended_metrics: Dump = {}

    @property
    def ready(self) -> int:
        """How many serve."""
        return sum(member.ready for member in self.members)

    def statistics(self) -> dict[str, dict[Any, int]]:
        """Sums of what the workers counted, and the memory of each in bytes, by pid."""
        server: dict[Any, int] = dict(self._ended_counts)
        memory: dict[Any, int] = {}
        for member in self.members:
            for name, count in member.counts.items():
                server[name] = server.get(name, 0) + count
            process = member.process
            if process is not None and process.returncode is None:
                memory[process.pid] = _resident(process.pid)
        return {"server": server, "workers": memory}

    async def gather(self) -> Dump:
        """Asks all for their numbers. The sum of their metrics; statistics() is up to date then too."""
        await self.ask_all({"do": "count"}, "metrics")
        return merge((self._ended_metrics, *(member.metrics for member in self.members)))

    async def ask_all(self, question: Message, answer: str, seconds: float = COUNT_SECONDS) -> list[Message]:
        """Asks every worker; those that are silent for too long are left out."""
        self._questions += 1
        question = {**question, "generation": self._questions}
        asked = [member for member in self.members if member.channel is not None]
        answers = await asyncio.gather(
            *(self._ask(member, question, answer, seconds) for member in asked), return_exceptions=True
        )
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    def tell(self, message: Message) -> None:
        """Says something to every worker that no answer is expected to."""
        for member in self.members:
            self._tell(member, message)

    async def start(self) -> None:
        """Starts all and waits until they serve. Raises what a worker refuses, or WorkerError."""
        for member in self.members:
            self._keep(self._supervise(member))
        try:
            async with asyncio.timeout(START_SECONDS):
                while self.ready < len(self.members):
                    failed = [member for member in self.members if member.failures > 1]
                    if failed:
                        raise WorkerError(f"worker {failed[0].number} ended at once: see the messages above")
                    await self._wait_change()
        except TimeoutError:
            raise WorkerError(f"the workers did not come up within {START_SECONDS:g} s") from None
        self._keep(self._feel_pulses())

    async def publish(self, config: Config) -> None:
        """Gives a configuration to every worker. Raises ConfigError or WorkerError, with all on the old one."""
        generation = self.generation + 1
        asked = [member for member in self.members if member.channel is not None]
        whole = {"do": "prepare", "generation": generation, "config": config.collections}
        found = changes(self.config.collections, config.collections)
        part = {"do": "prepare", "generation": generation, "changes": found, "base": self.generation}
        answers = await asyncio.gather(
            *(
                self._ask(
                    member,
                    part if found is not None and member.generation == self.generation else whole,
                    "prepared",
                    PREPARE_SECONDS,
                )
                for member in asked
            ),
            return_exceptions=True,
        )
        problems = [answer for answer in answers if isinstance(answer, BaseException)]
        if problems:
            for member in asked:
                self._tell(member, {"do": "discard", "generation": generation})
            raise problems[0]
        self.generation = generation
        self.config = config
        commit = {"do": "commit", "generation": generation}
        # a worker that ends now is started again with this configuration, so its silence is no failure
        await asyncio.gather(
            *(self._ask(member, commit, "committed", PREPARE_SECONDS) for member in asked), return_exceptions=True
        )
        for member in self.members:
            if member.channel is not None and member.generation != generation:
                # it was started while the others were asked
                self._keep(self._catch_up(member))

    async def stop(self, seconds: float) -> None:
        """Lets requests under way finish, for so long at most, and ends all."""
        self._stopping = True
        self.tell({"do": "drain"})
        processes = [member.process for member in self.members if member.process is not None]
        waits = [asyncio.ensure_future(process.wait()) for process in processes if process.returncode is None]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds + 1.0)
            for process in processes:
                if process.returncode is None:
                    process.kill()
            if late:
                await asyncio.wait(late)
        for task in list(self._tasks):
            task.cancel()

    # -- one worker ---------------------------------------------------------------------------------------------

    async def _supervise(self, member: Member) -> None:
        """Keeps one place filled."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            started = loop.time()
            code = await self._run(member)
            if self._stopping:
                return
            member.failures = 1 if loop.time() - started > STAYED_UP else member.failures + 1
            delay = DELAYS[min(member.failures, len(DELAYS)) - 1]
            _log.error("worker %d ended with code %d; it is started again in %g s", member.number, code, delay)
            self._announce()
            await asyncio.sleep(delay)

    async def _run(self, member: Member) -> int:
        """Starts a process for a member and waits until it ends."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        inherited = [theirs.fileno(), self._counters, self._marks, *(entry[0] for entry in member.sockets)]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(theirs.fileno()),
                pass_fds=inherited,
                stdin=asyncio.subprocess.DEVNULL,
                env=_HEAP | os.environ,
            )
        except OSError as problem:
            ours.close()
            _log.error("worker %d cannot be started: %s", member.number, problem.strerror)
            return -1
        finally:
            theirs.close()
        member.process = process
        gone = asyncio.Event()
        _, channel = await loop.create_connection(
            lambda: Channel(lambda message: self._hear(member, message), gone.set), sock=ours
        )
        member.channel = channel
        member.generation = self.generation
        channel.send(
            {
                "do": "begin",
                "generation": self.generation,
                "config": self.config.collections,
                "counters": self._counters,
                "marks": self._marks,
                "node": self._node_id,
                "listeners": member.sockets,
            }
        )
        code = await process.wait()
        await gone.wait()
        member.channel = None
        member.ready = False
        self._outages.ended(member.number)
        self._keep_numbers(member)
        error = WorkerError(f"worker {member.number} ended with code {code} before it answered")
        for waiting in member.waiting.values():
            if not waiting.done():
                waiting.set_exception(error)
        return code

    async def _feel_pulses(self) -> None:
        while not self._stopping:
            await asyncio.sleep(PULSE_SECONDS)
            await asyncio.gather(*(self._feel_pulse(member) for member in self.members if member.ready))

    async def _feel_pulse(self, member: Member) -> None:
        """Kills a process that does not answer, so that another takes its place."""
        process = member.process
        assert process is not None
        for seconds in (HUNG_SECONDS, GRACE_SECONDS):
            self._questions += 1
            try:
                await self._ask(member, {"do": "pulse", "generation": self._questions}, "alive", seconds)
                return
            except WorkerError:
                if process.returncode is not None or self._stopping:
                    return
        _log.error("worker %d was silent for %g s: it is killed", member.number, HUNG_SECONDS + GRACE_SECONDS)
        process.kill()

    def _keep_numbers(self, member: Member) -> None:
        """What a process counted stays counted after its end; its connections are gone."""
        for name in _EVER_GROWING:
            self._ended_counts[name] = self._ended_counts.get(name, 0) + member.counts.get(name, 0)
        self._ended_metrics = merge((self._ended_metrics, member.metrics))
        member.counts, member.metrics = {}, {}

    def _hear(self, member: Member, message: Message) -> None:
        said, generation = message["said"], message.get("generation", 0)
        if said == "counted":
            member.counts = message["counts"]
            self._announce()
            return
        if said == "store":
            self._outages.heard(member.number, message["name"], message["why"])
        elif said == "metrics":
            member.metrics = message["metrics"]
        elif said == "ready":
            member.ready = True
            self._announce()
        elif said == "refused":
            error: GatewayError = WorkerError(message["message"])
            if message["fields"]:
                error = ConfigError(message["fields"], message["message"])
            waiting = member.waiting.get(("prepared", generation))
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
            else:
                _log.error("worker %d: %s", member.number, error)
            return
        elif said == "committed":
            member.generation = generation
        waiting = member.waiting.get((said, generation))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def _catch_up(self, member: Member) -> None:
        generation = self.generation
        message = {"do": "prepare", "generation": generation, "config": self.config.collections}
        try:
            await self._ask(member, message, "prepared", PREPARE_SECONDS)
            await self._ask(member, {"do": "commit", "generation": generation}, "committed", PREPARE_SECONDS)
        except GatewayError as error:
            _log.error("worker %d: %s", member.number, error)

    async def _ask(self, member: Member, message: Message, answer: str, seconds: float) -> Message:
        """Sends a message and waits for its answer. Raises what the worker refuses, or WorkerError."""
        key = (answer, message["generation"])
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        member.waiting[key] = waiting
        self._tell(member, message)
        try:
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            raise WorkerError(f"worker {member.number} gave no answer within {seconds:g} s") from None
        finally:
            member.waiting.pop(key, None)

    def _tell(self, member: Member, message: Message) -> None:
        if member.channel is not None:
            member.channel.send(message)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait_change(self) -> None:
        await self._changed.wait()

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError, ValueError):
        return 0


def members_of(count: int, listeners: list[tuple[list[socket.socket], int, bool]]) -> list[Member]:
    """One member per worker, each with its own socket of every proxy listener."""
    members = []
    for number in range(count):
        own: list[list[Any]] = [[sockets[number].fileno(), port, tls] for sockets, port, tls in listeners]
        members.append(Member(number, own))
    return members
