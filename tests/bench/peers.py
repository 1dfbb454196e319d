"""Other gateways beside this one: LiteLLM's proxy and Portkey's gateway, installed apart in the cache, one worker each,
and nginx as the limit, all of them before the same provider.

Not for: judging; what a system costs says nothing of what else it can do, and each does other things per request.
"""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import costs, scenes
from bench.costs import Systems
from bench.measuring import (
    CONNECTIONS,
    GATEWAY_CORE,
    Loaded,
    await_answer,
    cpu_seconds,
    load,
    pinned,
    resident_bytes,
    worker_bytes,
)
from bench.scenes import COMPLETIONS, GATEWAY, NGINX, Ask
from support.gateway_process import free_ports
from support.house import ROOT
from support.sdk_environments import SETS, npm_packages, python_of

PORTKEY_FILES = ROOT / "tests" / "bench" / "portkey"
MASTER_KEY = "sk-bench-and-nothing-else-0123456789abcdef"
CHAT, STREAM = "chat", "stream"
STARTING_SECONDS = 180
TIMES_CONNECTIONS = 10
"""A run lasts until each connection has had about so many answers, because those that are under way when it ends have
cost something and are not counted."""
LONGEST = 25


@dataclass(frozen=True)
class Asked:
    """Where a work is asked for: path, body and headers."""

    path: str
    ask: Ask


@dataclass
class Seen:
    """Of one system and one work, a value per round: microseconds of CPU per request, median latency in ms."""

    costs: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    trouble: str = ""

    def cost(self) -> str:
        return self.trouble or f"{statistics.median(self.costs):,.0f} us"

    def latency(self) -> str:
        return "-" if self.trouble else f"{statistics.median(self.latencies):,.1f} ms"


def _named(ask: Ask, name: str, model: str, **headers: str) -> Ask:
    body = {**json.loads(ask.body), "model": model}
    return Ask(f"{name}-{ask.name}", json.dumps(body), tuple(headers.items()))


@dataclass(frozen=True)
class Peer:
    """A gateway of others. `command` and `environment` start it; `asked`: by work."""

    command: list[str]
    environment: dict[str, str]
    asked: dict[str, Asked]


def litellm(folder: Path, port: int, provider_port: int) -> Peer:
    """Raises Unavailable."""
    provider = f"http://127.0.0.1:{provider_port}"
    models = {"gpt-4o-mini": f"{provider}/v1", "streamed": f"{provider}/stream"}
    document = {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": "openai/gpt-4o-mini", "api_base": url, "api_key": "sk-x"}}
            for name, url in models.items()
        ]
    }
    file = folder / "litellm.json"  # JSON, which is YAML too
    file.write_text(json.dumps(document))
    program = python_of("litellm").parent / "litellm"
    command = [str(program), "--config", str(file), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    # its prices come with it: otherwise it asks the network for them when it starts
    environment = {"LITELLM_MASTER_KEY": MASTER_KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    headers = {"Authorization": f"Bearer {MASTER_KEY}"}
    asked = {
        CHAT: Asked(COMPLETIONS, _named(scenes.CHAT, "litellm", "gpt-4o-mini", **headers)),
        STREAM: Asked(COMPLETIONS, _named(scenes.STREAM, "litellm", "streamed", **headers)),
    }
    return Peer(command, environment, asked)


def portkey(_folder: Path, port: int, provider_port: int) -> Peer:
    """With the server library that package.json holds it to: with a newer one this release answers every stream with
    500, because it changes headers that are then immutable (its issue 1389). Raises Unavailable."""
    program = npm_packages(PORTKEY_FILES) / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    headers = {"Authorization": "Bearer sk-x", "x-portkey-provider": "openai"}
    asked = {}
    for work, ask, path in ((CHAT, scenes.CHAT, "/v1"), (STREAM, scenes.STREAM, "/stream")):
        place = {"x-portkey-custom-host": f"http://127.0.0.1:{provider_port}{path}"}
        asked[work] = Asked(COMPLETIONS, _named(ask, "portkey", "gpt-4o-mini", **headers, **place))
    return Peer(["node", str(program), f"--port={port}", "--headless"], {"NODE_ENV": "production"}, asked)


PEERS = {"LiteLLM": litellm, "Portkey": portkey}
OURS = {
    GATEWAY: {CHAT: Asked("/chat", scenes.CHAT), STREAM: Asked("/stream", scenes.STREAM)},
    NGINX: {CHAT: Asked(COMPLETIONS, scenes.CHAT), STREAM: Asked("/stream", scenes.STREAM)},
}
DOES = {
    NGINX: "passes on; reads nothing, counts nothing, no log",
    GATEWAY: "finds the route, sets the model and the provider's key; usage counted; access log to a file, with usage; "
    "metrics; no authentication on these routes",
    "LiteLLM": "reads and writes the whole answer anew, event by event in a stream; usage counted and priced; its key "
    "compared with the master key; access log, without usage; no database, so no virtual keys or budgets; no metrics",
    "Portkey": "reads and writes JSON anew, splits a stream into events; takes provider and address from the request's "
    "headers; no authentication, no usage counted, no metrics, no log",
}


def versions() -> str:
    lock = json.loads((PORTKEY_FILES / "package-lock.json").read_text())
    found = re.search(r"^litellm==(\S+)", (ROOT / SETS["litellm"]).read_text(), re.MULTILINE)
    assert found
    server = lock["packages"]["node_modules/@hono/node-server"]["version"]
    gateway = lock["packages"]["node_modules/@portkey-ai/gateway"]["version"]
    return f"LiteLLM {found[1]}, Portkey gateway {gateway} (with @hono/node-server {server})"


def start(made: Systems, name: str) -> tuple[dict[str, Asked], float]:
    """How to ask it, and the seconds until its first answer."""
    (port,) = free_ports(1)
    peer = PEERS[name](made.folder, port, made.provider_port)
    started = time.perf_counter()
    environment = {**os.environ, **peer.environment}
    environment.pop("PYTHONPATH", None)
    process = pinned(GATEWAY_CORE, peer.command, made.folder / f"{name}.out", env=environment, start_new_session=True)
    made.running[name] = (f"http://127.0.0.1:{port}", process)
    first = peer.asked[CHAT]
    headers = {"content-type": "application/json", **dict(first.ask.headers)}
    await_answer(f"http://127.0.0.1:{port}{first.path}", first.ask.body.encode(), headers, STARTING_SECONDS)
    return peer.asked, time.perf_counter() - started


def lasting(warmed: Loaded, seconds: int) -> int:
    """Seconds of a run after which hardly anything of what it cost was for answers that it did not wait for."""
    wanted = TIMES_CONNECTIONS * CONNECTIONS / max(0.1, warmed.per_second)
    return max(seconds, min(LONGEST, math.ceil(wanted)))


def measure(made: Systems, asked: dict[str, dict[str, Asked]], work: str, rounds: int, seconds: int) -> dict[str, Seen]:
    """All of them in turn, in the other order every other round."""
    seen = {name: Seen() for name in asked}
    scripts = {name: works[work].ask.script(made.folder) for name, works in asked.items()}
    urls = {name: made.running[name][0] + works[work].path for name, works in asked.items()}
    long = {name: lasting(load(urls[name], scripts[name], 3), seconds) for name in asked}
    for number in range(rounds):
        for name in list(asked) if number % 2 else list(reversed(asked)):
            pid = made.running[name][1].pid
            before = cpu_seconds(pid)
            loaded = load(urls[name], scripts[name], long[name])
            seen[name].costs.append((cpu_seconds(pid) - before) / max(1, loaded.requests) * 1e6)
            seen[name].latencies.append(loaded.median_ms)
            seen[name].trouble = seen[name].trouble or loaded.trouble or ("" if loaded.requests else "no answer")
    return seen


def table(rounds: int, seconds: int) -> Iterator[str]:
    """The lines of the table. Raises Unavailable."""
    npm_packages(PORTKEY_FILES)  # both before anything is started
    python_of("litellm")
    yield versions()
    yield ""
    with costs.systems([NGINX, GATEWAY]) as (made, starts):
        asked = dict(OURS)
        for name in PEERS:
            asked[name], starts[name] = start(made, name)
        chat = measure(made, asked, CHAT, rounds, seconds)
        stream = measure(made, asked, STREAM, rounds, seconds)
        yield f"| | chat | stream of 60 events | median latency, {CONNECTIONS} at once | memory | first answer |"
        yield "|---|---|---|---|---|---|"
        for name in asked:
            latency = f"{chat[name].latency()}, {stream[name].latency()}"
            measured = worker_bytes if name == GATEWAY else resident_bytes
            size = measured(made.running[name][1].pid) / (1 << 20)
            cost = f"{chat[name].cost()} | {stream[name].cost()}"
            yield f"| {name} | {cost} | {latency} | {size:.0f} MB | {starts[name]:.1f} s |"
        yield ""
        for name in asked:
            yield f"- {name}: {DOES[name]}"
