"""A worker process: serves the proxy listeners with the configuration that the control process gives it.

Not for: deciding what the configuration is, opening sockets (both: the control process). It ends when the control
process does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from functools import partial
from typing import Any

import uvloop

from gateway.counters import Counters
from gateway.errors import ConfigError, GatewayError
from gateway.exchange import Exchange
from gateway.health_marks import HealthMarks
from gateway.metrics import Dump, Registry
from gateway.recorder import RecordedExchange, Recorder
from gateway.rows import Rows
from gateway.settings import Settings
from gateway.snapshot import Snapshot
from gateway.transport.changes import applied
from gateway.transport.channel import Channel, Message
from gateway.transport.compiling import compile_snapshot, open_proxies
from gateway.transport.delivery import Delivery
from gateway.transport.dial import Dialer
from gateway.transport.faults import describe
from gateway.transport.file_logs import AccessLog, FileLogs
from gateway.transport.kernel import ignore_signals
from gateway.transport.lanes import Lanes
from gateway.transport.logs import start_logging
from gateway.transport.pool import Pool
from gateway.transport.proxies import Proxies
from gateway.transport.runtime import Runtime
from gateway.transport.server import ClientConnection
from gateway.transport.serving import Serving
from gateway.transport.sockets import BACKLOG
from gateway.transport.sweeper import TICK, Sweeper
from gateway.transport.tls import server_context
from gateway.values import RedisStore, Request
from gateway.watching import WatchedExchange

DIGEST_SECONDS = 0.1
FLUSH_SECONDS = 0.5
REPORT_SECONDS = 1.0
METRICS_SECONDS = 5.0
"""How much of what was counted is lost with a worker that is killed, at most."""
SETTLE_SECONDS = 5.0
SWITCH_SECONDS = 0.0005
"""How long requests wait at most, each time, for the thread that compiles a configuration."""
LOGS_SECONDS = 2.0
"""How long the entries of log plugins may take once requests are over."""
NO_LIMIT = 1 << 62
_log = logging.getLogger("gateway")


Prepared = tuple[int, Snapshot, Proxies]
"""A generation, and what it leads to; not yet in force."""


class Worker:
    """What lives in a worker process."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._loop = loop
        self._generation = 0
        self._prepared: Prepared | None = None
        self._metrics = Registry()
        self._resources: dict[str, Any] = {"metrics": self._metrics}
        self._servings: list[Serving] = []
        self._servers: list[asyncio.Server] = []
        self._ended = loop.create_future()
        self._ending = False
        self._channel = Channel(self._hear, self.end)
        self.snapshot: Snapshot | None = None
        self.sweeper = Sweeper(loop)
        files = FileLogs()
        log = AccessLog(files, settings.access_log) if settings.access_log else None
        self.runtime = Runtime(settings, log, now=loop.time)
        self.runtime.files = files
        self.sweeper.add(self._report, REPORT_SECONDS)
        self.sweeper.add(self._settle, SETTLE_SECONDS)
        self.sweeper.add(self._report_metrics, METRICS_SECONDS)
        self._counted: dict[str, int] = {}
        self._measured: Dump = {}
        self.recorder = Recorder()
        self.sweeper.add(self.recorder.digest, DIGEST_SECONDS)
        self.sweeper.add(self.runtime.flush, FLUSH_SECONDS)
        self.sweeper.add(lambda: self.recorder.blink(loop.time()), REPORT_SECONDS)
        self._unsettled = False  # a configuration came into force that the collector still looks at
        self._preparing: asyncio.Task[None] | None = None
        self._dialer = Dialer(loop, Proxies({}))  # which proxy it takes comes with the configuration
        self.pool = Pool(loop, self.sweeper, self._dialer)
        self.runtime.delivery = Delivery(self.pool, loop)

    async def run(self, channel: socket.socket) -> None:
        """Serves until the control process says drain, or is gone."""
        for number in (signal.SIGTERM, signal.SIGQUIT):
            self._loop.add_signal_handler(number, self.end)
        # the terminal sends these to every process of the group: the control process answers them for all
        self._loop.add_signal_handler(signal.SIGINT, lambda: None)
        self._loop.add_signal_handler(signal.SIGHUP, lambda: None)
        ignore_signals()
        self.sweeper.start()
        await self._loop.create_connection(lambda: self._channel, sock=channel)
        try:
            await self._ended
            await self._drain()
        finally:
            self.recorder.digest()
            self.runtime.flush()
            assert self.runtime.files is not None
            self.runtime.files.close(LOGS_SECONDS)

    def begin(self, request: Request) -> Exchange:
        assert self.snapshot is not None
        recorder = self.recorder
        kind = WatchedExchange if recorder.watching else RecordedExchange
        return kind(self.snapshot, request, self.runtime, recorder)

    def identity(self, request_id: bytes) -> bytes:
        """Header lines of an answer to a request that could not even be read."""
        return b"" if self.snapshot is None else self.snapshot.identity(request_id, None, 0.0, own_answer=True)

    def end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    # -- what the control process says --------------------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        word = message["do"]
        generation = message.get("generation", 0)
        preparing = self._preparing
        if word in ("prepare", "commit", "discard") and preparing is not None and not preparing.done():
            preparing.add_done_callback(lambda _: self._hear(message))  # in the order in which they came
            return
        if word == "begin":
            self._resources["node_id"] = message.get("node", "")
            self._resources["counters"] = Counters(message["counters"])
            self._resources["marks"] = HealthMarks(message["marks"])
            if self._prepare(generation, message):
                self._commit(generation)
                self._loop.create_task(self._listen(message["listeners"], generation))
        elif word == "prepare":
            self._preparing = self._loop.create_task(self._prepare_beside(generation, message))
        elif word == "commit":
            self._commit(generation)
        elif word == "discard":
            self._prepared = None
        elif word == "count":
            self._report()
            self.recorder.digest()
            self._measured = self._metrics.dump()
            self._channel.send({"said": "metrics", "generation": generation, "metrics": self._measured})
        elif word == "pulse":
            self._channel.send({"said": "alive", "generation": generation})
        elif word == "recall":
            told = self._recall(message)
            self._channel.send({"said": "recalled", "generation": generation, "told": told})
        elif word == "watch":
            self.recorder.watch(self._loop.time() + message["seconds"], message["bodies"])
        elif word == "log":
            start_logging(message["level"])
        elif word == "drain":
            self.end()

    def _recall(self, message: Message) -> Any:
        """What the recorder remembers, of the kind that is asked for."""
        if message["what"] == "recent":
            return self.recorder.recent(message["since"])
        if message["what"] == "activity":
            return self.recorder.activity(message["since"])
        return self.recorder.find(message["id"])

    def _whole(self, message: Message) -> dict[str, Any]:
        """The configuration of a message, which may tell only what differs from the one in force."""
        if "config" in message:
            return dict(message["config"])
        if self.snapshot is None or message["base"] != self._generation:
            raise GatewayError(f"generation {message['base']} is not in force here, but {self._generation}")
        return applied(self.snapshot.config.collections, message["changes"])

    def _prepare(self, generation: int, message: Message) -> bool:
        """Compiles a configuration and says how it went."""
        self._prepared, answer = self._compiled(generation, message)
        self._channel.send(answer)
        return self._prepared is not None

    async def _prepare_beside(self, generation: int, message: Message) -> None:
        """The same beside the traffic: requests go on while ten thousand routes are compiled."""
        prepared, answer = await self._loop.run_in_executor(None, self._compiled, generation, message)
        self._prepared = prepared
        self._channel.send(answer)

    def _compiled(self, generation: int, message: Message) -> tuple[Prepared | None, Message]:
        """What a message makes of the configuration, and what to say about it. It may run in a thread: it changes
        nothing of this worker."""
        try:
            config = Rows(self._whole(message))
            snapshot = compile_snapshot(config, self._settings, self._resources, self.snapshot)
            proxies = open_proxies(self._settings)
        except ConfigError as error:
            return None, refusal(generation, str(error), error.fields)
        except GatewayError as error:
            return None, refusal(generation, str(error))
        except Exception as error:
            _log.error("the configuration cannot be compiled: %s", describe(error))
            return None, refusal(generation, f"the configuration cannot be compiled: {type(error).__name__}")
        return (generation, snapshot, proxies), {"said": "prepared", "generation": generation}

    def _commit(self, generation: int) -> None:
        if self._prepared is not None and self._prepared[0] == generation:
            _, self.snapshot, proxies = self._prepared
            self._dialer.use(proxies)
            self._generation = generation
            self._prepared = None
            self._unsettled = True
            for serving in self._servings:  # what was learned of the configuration before does not hold any more
                serving.lanes = Lanes(self.recorder, self.snapshot)
            self._use_stores({plugin.store for plugin in self.snapshot.plugins.values() if plugin.store is not None})
        self._channel.send({"said": "committed", "generation": self._generation})

    def _use_stores(self, stores: set[RedisStore]) -> None:
        if stores and self.runtime.stores is None:
            from gateway.transport.redis_stores import RedisStores  # late: most configurations name none

            counters: Counters = self._resources["counters"]
            self.runtime.stores = RedisStores(counters, self.runtime.wall, self._report_store)
        if self.runtime.stores is not None:
            self.runtime.stores.use(stores)

    async def _listen(self, listeners: list[list[Any]], generation: int) -> None:
        settings = self._settings
        try:
            for descriptor, port, tls in listeners:
                serving = Serving(
                    self.begin,
                    self.runtime,
                    self.sweeper,
                    self.pool,
                    port=port,
                    scheme="https" if tls else "http",
                    body_limit=settings.client_max_body_size or NO_LIMIT,
                    connection_limit=settings.worker_connections,
                    identity=self.identity,
                )
                serving.lanes = Lanes(self.recorder, self.snapshot)
                self._servings.append(serving)
                context = server_context(settings) if tls else None
                self._servers.append(
                    await self._loop.create_server(
                        partial(ClientConnection, serving),
                        sock=socket.socket(fileno=descriptor),
                        ssl=context,
                        backlog=BACKLOG,
                    )
                )
        except (GatewayError, OSError) as error:
            self._channel.send(refusal(generation, str(error)))
            return
        gc.collect()  # what starting left over
        self._settle()
        self._channel.send({"said": "ready", "generation": self._generation})

    def _settle(self) -> None:
        """What a configuration is made of stays for long: the collector need not look at it again and again. There is
        nothing to collect before, which would stop requests: a snapshot holds no circles, so an old one is gone with
        its last request."""
        if self._unsettled:
            self._unsettled = False
            gc.freeze()

    def _report(self) -> None:
        """Tells the control process what was counted, when that changed."""
        accepted = sum(serving.accepted for serving in self._servings)
        connections = [connection for serving in self._servings for connection in serving.connections]
        writing = sum(connection.busy for connection in connections)
        reading = sum(connection.arriving for connection in connections)
        counts = {
            "connections_accepted": accepted,
            "connections_handled": accepted,
            "connections_active": len(connections),
            "connections_reading": reading,
            "connections_writing": writing,
            "connections_waiting": len(connections) - reading - writing,
            "total_requests": sum(serving.requests for serving in self._servings),
        }
        if counts != self._counted:
            self._counted = counts
            self._channel.send({"said": "counted", "counts": counts})

    def _report_metrics(self) -> None:
        """The same for metrics, so that they outlive this process."""
        self.recorder.digest()
        dump = self._metrics.dump()
        if dump != self._measured:
            self._measured = dump
            self._channel.send({"said": "metrics", "metrics": dump})

    def _report_store(self, name: str, why: str | None) -> None:
        """A store does not answer, or does: the control process tells it once for all workers."""
        self._channel.send({"said": "store", "name": name, "why": why})

    async def _drain(self) -> None:
        """No new connections; what is under way may finish, within the bound."""
        for server in self._servers:
            server.close()
        for serving in self._servings:
            serving.drain()
        deadline = self._loop.time() + self._settings.drain_seconds
        while any(serving.connections for serving in self._servings) and self._loop.time() < deadline:
            await asyncio.sleep(TICK)
        for serving in self._servings:
            for connection in list(serving.connections):
                connection.transport.abort()
        assert self.runtime.delivery is not None and self.runtime.files is not None
        if self.runtime.stores is not None:
            await self.runtime.stores.close()
        await self.runtime.delivery.drain(LOGS_SECONDS)
        self.recorder.digest()
        self.runtime.flush()
        self.runtime.files.close(LOGS_SECONDS)
        self.pool.close()
        self._report()
        self._report_metrics()
        self._channel.close()


def refusal(generation: int, message: str, fields: Any = None) -> Message:
    """What a worker says of a configuration that it cannot serve."""
    return {"said": "refused", "generation": generation, "message": message, "fields": fields or {}}


def run_worker(descriptor: int) -> int:
    """The whole life of a worker; `descriptor` is its end of the channel."""
    settings = Settings.from_env(os.environ)
    start_logging(settings.log_level)
    # requests make short-lived objects and hardly any cycles: look for cycles rarely
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_SECONDS)

    async def live() -> None:
        await Worker(settings, asyncio.get_running_loop()).run(socket.socket(fileno=descriptor))

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(live())
    return 0
