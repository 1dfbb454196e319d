"""The control process: reads settings and configuration, opens the listeners, keeps the workers, serves the Admin side.

Not for: proxying (worker.py), what the Admin side answers (gateway.admin).

Everything that can be wrong is found before the first worker starts: an invalid file, a taken port, a missing
certificate. Then nothing is left running.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gateway.admin.activity import WATCH_SECONDS
from gateway.admin.relay import Relay
from gateway.counters import Counters
from gateway.entities import Config
from gateway.errors import GatewayError
from gateway.health_marks import HealthMarks
from gateway.metrics import Dump
from gateway.settings import Listener, Settings
from gateway.snapshot import Snapshot
from gateway.store import Store
from gateway.transport.compiling import compile_snapshot, open_proxies, open_vault
from gateway.transport.dial import Dialer
from gateway.transport.file_logs import check_log
from gateway.transport.handling import HandlerConnection
from gateway.transport.kernel import ignore_signals, set_limits
from gateway.transport.logs import start_logging
from gateway.transport.pool import Pool
from gateway.transport.probing import Prober
from gateway.transport.relaying import Questions, RelayConnection
from gateway.transport.runtime import Runtime
from gateway.transport.serving import Serving
from gateway.transport.sockets import BACKLOG, Opened, close_all, open_all
from gateway.transport.sweeper import TICK, Sweeper
from gateway.transport.tls import server_context
from gateway.transport.workers import Workers, members_of
from gateway.values import Fetch, Fetched, Reply, Request

PROXY = "KONG_PROXY_LISTEN"
PAGES = ("KONG_ADMIN_GUI_LISTEN", "KONG_PORTAL_GUI_LISTEN")
"""Whose pages send requests through the proxy."""
RECALL_SECONDS = 5.0
"""How long a worker may take to tell what it remembers."""
ADMIN_BODY_LIMIT = 64 << 20
Handler = Callable[[Request], Reply | Relay | Awaitable[Reply | Relay]]
_log = logging.getLogger("gateway")


class Control:
    """What lives in the control process. `handlers`, made once there are workers, says who answers on which setting's
    listeners; a listener without a handler is not opened."""

    def __init__(
        self,
        settings: Settings,
        handlers: Callable[[Control], Mapping[str, Handler]],
        environment: Mapping[str, str] = os.environ,
        command: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings
        self.environment = environment
        self.counters = Counters.create()
        self.marks = HealthMarks.create()
        self._prober: Prober | None = None
        self._dialer: Dialer | None = None
        self._checked: Snapshot | None = None  # so that the next check compiles only what is new
        self.store = Store.open(settings, log=_log.info, check=self._check)
        self.node_id = str(uuid.uuid4())
        self.draining = False
        self.workers: Workers | None = None
        self.questions: Questions | None = None  # what the Admin side asks of others; there once it is served
        self._command = command
        self._handlers = handlers(self)
        self._servers: list[asyncio.Server] = []
        self._servings: list[Serving] = []
        self._ended = asyncio.Event()
        self._turn = asyncio.Lock()

    def unready(self) -> str:
        """Why this node should get no requests yet or any more; "" when it should."""
        if self.draining:
            return "draining"
        workers = self.workers
        if workers is None:
            return "router builds not yet complete"
        if workers.ready < len(workers.members):
            ready, all_ = workers.ready, len(workers.members)
            return f"router builds not yet complete, router ready in {ready} of {all_} workers"
        return ""

    def statistics(self) -> dict[str, dict[Any, int]]:
        """What GET /status tells: sums over the workers, and each worker's memory in bytes."""
        return self.workers.statistics() if self.workers is not None else {}

    async def gather(self) -> Dump:
        """What all workers counted, asked now; statistics() is up to date then too."""
        return await self.workers.gather() if self.workers is not None else {}

    async def recall(self, question: dict[str, Any]) -> list[Any]:
        """What every worker remembers of its requests."""
        if self.workers is None:
            return []
        answers = await self.workers.ask_all({"do": "recall", **question}, "recalled", RECALL_SECONDS)
        return [answer["told"] for answer in answers]

    def watch(self, bodies: bool) -> None:
        """Lets the workers watch their next requests for a while."""
        if self.workers is not None:
            self.workers.tell({"do": "watch", "seconds": WATCH_SECONDS, "bodies": bodies})

    async def ask(self, fetch: Fetch) -> Fetched:
        """The answer of somebody else's server."""
        assert self.questions is not None
        return await self.questions.ask(fetch)

    def resolve(self, reference: str) -> str:
        """The value of a vault reference. Raises VaultError."""
        return open_vault(self.store.config, self.settings, self.environment).resolve(reference)

    def set_log_level(self, level: str) -> None:
        start_logging(level)
        if self.workers is not None:
            self.workers.tell({"do": "log", "level": level})

    async def run(self) -> None:
        """Serves until a signal ends it. Raises GatewayError when it cannot start; nothing is left running then."""
        settings = self.settings
        if any(listener.ssl for listeners in settings.listeners().values() for listener in listeners):
            server_context(settings)
        if settings.access_log:
            check_log("KONG_PROXY_ACCESS_LOG", settings.access_log)
        set_limits()
        loop = asyncio.get_running_loop()
        opened = open_all(self._wanted())
        sweeper = Sweeper(loop)
        try:
            proxies = [(one.sockets, one.port, one.listener.ssl) for one in opened if one.setting == PROXY]
            members = members_of(settings.worker_processes, proxies)
            workers = self.workers = Workers(
                members,
                self.counters.descriptor,
                self.store.config,
                self._command,
                self.node_id,
                marks=self.marks.descriptor,
            )
            self.store.publish = self._publish
            self._answer_signals(loop)
            try:
                await self._start(workers)
                if not self._ended.is_set():
                    sweeper.start()
                    await self._serve(opened, sweeper)
                    gc.collect()
                    gc.freeze()  # the configuration stays: no change has to wait until the collector looked at it all
                    self._tell(opened)
                    await self._ended.wait()
            finally:
                self.draining = True
                await self._stop(workers, opened)
        finally:
            sweeper.stop()
            close_all(opened)

    def end(self) -> None:
        self._ended.set()

    async def reload(self) -> None:
        """Applies the declarative file, when there is news in it, and the secrets as they are now."""
        async with self._turn:
            try:
                await self.store.refresh()
            except GatewayError as error:
                _log.error("reload failed, the old configuration stays: %s", error)
            else:
                _log.info("reloaded the configuration")

    async def _publish(self, config: Config) -> None:
        """Gives a configuration to the workers, and to the prober once they took it."""
        assert self.workers is not None
        await self.workers.publish(config)
        if self._dialer is not None:
            self._dialer.use(open_proxies(self.settings, self.environment))
        if self._prober is not None:
            self._prober.use(config)

    # -- starting and stopping ----------------------------------------------------------------------------------

    def _wanted(self) -> list[tuple[str, Listener, int]]:
        workers = self.settings.worker_processes
        wanted = []
        for setting, listeners in self.settings.listeners().items():
            if setting == PROXY:
                wanted += [(setting, listener, workers) for listener in listeners]
            elif setting in self._handlers:
                wanted += [(setting, listener, 1) for listener in listeners]
        return wanted

    async def _start(self, workers: Workers) -> None:
        """Starts the workers, unless a signal ends everything first."""
        starting = asyncio.ensure_future(workers.start())
        ending = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait((starting, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if starting.done():
            starting.result()
        else:
            starting.cancel()

    async def _serve(self, opened: list[Opened], sweeper: Sweeper) -> None:
        loop = asyncio.get_running_loop()
        runtime = Runtime(self.settings)
        self._dialer = Dialer(loop, open_proxies(self.settings, self.environment))
        pool = Pool(loop, sweeper, self._dialer)
        self.questions = Questions(pool)
        self._prober = Prober(pool, self.marks, loop)
        self._prober.use(self.store.config)
        for one in opened:
            if one.setting == PROXY:
                continue
            serving = Serving(
                self._handlers[one.setting],
                runtime,
                sweeper,
                pool,
                port=one.port,
                scheme="https" if one.listener.ssl else "http",
                body_limit=ADMIN_BODY_LIMIT,
            )
            self._servings.append(serving)
            context = server_context(self.settings) if one.listener.ssl else None
            connection = partial(RelayConnection if one.setting in PAGES else HandlerConnection, serving)
            self._servers.append(
                await loop.create_server(connection, sock=one.sockets[0], ssl=context, backlog=BACKLOG)
            )

    def _tell(self, opened: list[Opened]) -> None:
        for one in opened:
            _log.info("%s: listening on %s", one.setting, replace(one.listener, port=one.port))
        _log.info("ready with %d workers", self.settings.worker_processes)

    async def _stop(self, workers: Workers, opened: list[Opened]) -> None:
        """Lets everything under way finish, within the bound."""
        for server in self._servers:
            server.close()
        close_all(opened)
        for serving in self._servings:
            serving.drain()
        await workers.stop(self.settings.drain_seconds)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 1.0
        while any(serving.connections for serving in self._servings) and loop.time() < deadline:
            await asyncio.sleep(TICK)
        if self._prober is not None:
            self._prober.close()
        if self.questions is not None:
            self.questions.close()
        self.counters.close()
        self.marks.close()

    def _answer_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        tasks: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = loop.create_task(self.reload())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self.end)
        ignore_signals()
        loop.add_signal_handler(signal.SIGHUP, reload)

    def _check(self, config: Config) -> object:
        """Whether a configuration compiles, before any worker hears of it."""
        resources: dict[str, Any] = {"counters": self.counters, "marks": self.marks}
        self._checked = compile_snapshot(
            config, self.settings, resources, previous=self._checked, environment=self.environment
        )
        return self._checked
