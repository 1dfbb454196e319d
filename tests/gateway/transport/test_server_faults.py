"""Whatever goes wrong upstream: the client gets a well-formed answer in its dialect within the configured time, the
pool stays sound, usage is logged and nothing is left over. Faults x streamed or not x passed, translated or native.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.certificates import make_authority, make_certificate
from support.faulty_upstream import FAULTS, REPLY, FaultyUpstream
from support.proxy_bench import Client, ProxyBench, run

from gateway.counters import Counters
from gateway.entities import Config
from gateway.exchange import Exchange
from gateway.settings import Settings
from gateway.snapshot import Snapshot
from gateway.transport import tls
from gateway.transport.dial import Address, Dialer, DialError
from gateway.transport.proxies import Proxies
from gateway.vault import Vault

LIMIT = 0.4  # seconds that the service's timeouts allow
PATIENT = 15.0
LATE = 3.0  # what a busy machine may add
ROUTES = {  # path -> provider, what the client speaks
    "/passed": ("openai", "openai"),
    "/translated": ("anthropic", "openai"),
    "/native": ("anthropic", "anthropic"),
}
UNSTARTED = {  # faults before any byte of a body -> (status, code)
    "refuse": (502, "upstream_closed"),
    "reset before head": (502, "upstream_closed"),
    "close before head": (502, "upstream_closed"),
    "hang before head": (504, "upstream_timeout"),
    "reset in head": (502, "upstream_closed"),
    "close in head": (502, "upstream_closed"),
    "hang in head": (504, "upstream_timeout"),
    "garbage": (502, "upstream_protocol"),
}
BROKEN = ("reset in body", "close in body", "hang in body", "garbage in body", "too short")


def document(port: int, scheme: str = "http", host: str = "127.0.0.1", limit: float = LIMIT) -> dict[str, Any]:
    services = []
    for path, (provider, speaks) in ROUTES.items():
        last = "messages" if provider == "anthropic" else "chat/completions"
        config = {
            "route_type": "llm/v1/chat",
            "llm_format": speaks,
            "auth": {"header_name": "x-api-key", "header_value": "k"},
            "logging": {"log_statistics": True},
            "model": {
                "provider": provider,
                "name": "m",
                "options": {
                    "max_tokens": 64,
                    "anthropic_version": "2023-06-01",
                    "upstream_url": f"{scheme}://{host}:{port}/v1/{last}",
                },
            },
        }
        services.append(
            {
                "name": path[1:],
                "url": f"{scheme}://{host}:{port}",
                **dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), int(limit * 1000)),
                "retries": 0,
                "routes": [{"name": path[1:], "paths": [path]}],
                "plugins": [{"name": "ai-proxy", "config": config}],
            }
        )
    return {"_format_version": "3.0", "services": services}


class Names(Dialer):
    """A resolver whose names are known to be slow or unknown."""

    async def _resolve(self, host: str, port: int) -> list[Address]:
        if host == "slow.test":
            await asyncio.Event().wait()
        if host == "unknown.test":
            raise DialError("dns", f"no address found for the name {host}")
        return await super()._resolve(host, port)


class Log:
    """An access log in memory."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, line: bytes) -> None:
        self.lines.append(json.loads(line))

    def flush(self) -> None:
        """Nothing waits."""


class Bench:
    """The real exchanges of a configuration over a real listener and pool."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.use(config)
        self.log = Log()
        self.bench = ProxyBench(begin=lambda request: Exchange(self.snapshot, request, self.bench.runtime))

    def use(self, config: dict[str, Any]) -> None:
        resources = {"counters": Counters.create(shared=False)}
        self.snapshot = Snapshot.compile(Config.from_declarative(config), Vault({}), resources)

    async def __aenter__(self) -> Bench:
        await self.bench.__aenter__()
        self.bench.runtime.settings = Settings.from_env({})
        self.bench.runtime._access_log = self.log  # type: ignore[assignment]
        loop = asyncio.get_running_loop()
        self.bench.pool._dialer = Names(loop, Proxies({}))
        self.bench.sweeper.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.bench.sweeper.stop()
        await self.bench.__aexit__()

    async def chat(self, client: Client, path: str, stream: bool, filler: int = 0) -> tuple[int, bytes, bytes]:
        asked = {"messages": [{"role": "user", "content": "2+2?" + "x" * filler}], "max_tokens": 64, "stream": stream}
        if ROUTES[path][1] == "anthropic":
            asked["model"] = "m"
        body = json.dumps(asked).encode()
        head, told = await client.ask(path.encode(), body, b"Content-Type: application/json\r\n")
        return int(head.split(b" ")[1]), head, told

    async def assert_sound(self) -> None:
        """Nothing is left over: no task of the pool, no request under way, no answer waited for."""
        pool = self.bench.pool
        while pool._tasks:
            await asyncio.sleep(0)
        idle = {upstream for kept in pool._idle.values() for upstream in kept}
        assert not any(connection.busy for connection in self.bench.serving.connections)
        assert self.bench.sweeper.waiting == idle | self.bench.serving.connections


def text_of(body: bytes, speaks: str) -> str:
    """The text of an answer, whole or as events."""
    if not body.startswith((b"data:", b"event:")):
        told = json.loads(body)
        return str(told["content"][0]["text"] if speaks == "anthropic" else told["choices"][0]["message"]["content"])
    out = ""
    for event in events(body):
        if speaks == "anthropic":
            out += event.get("delta", {}).get("text", "")
        else:
            out += "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ()))
    return out.strip()


def events(body: bytes) -> list[dict[str, Any]]:
    """The decoded data of a stream's events; every block between blank lines must be one."""
    blocks = [block for block in body.replace(b"\r\n", b"\n").split(b"\n\n") if block.strip()]
    found = []
    for block in blocks:
        lines = block.strip().split(b"\n")
        assert all(line.startswith((b"data:", b"event:")) for line in lines), block
        data = b"".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
        if data != b"[DONE]":
            found.append(json.loads(data))
    return found


def assert_error(body: bytes, speaks: str, code: str) -> None:
    told = json.loads(body)
    assert told["error"]["message"]
    if speaks == "openai":
        assert told["error"]["code"] == code, told
    assert b"k\r\n" not in body and b"x-api-key" not in body


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("path", list(ROUTES))
@pytest.mark.parametrize("fault", FAULTS)
def test_faults(fault: str, path: str, stream: bool) -> None:
    speaks = ROUTES[path][1]

    async def scene() -> None:
        async with FaultyUpstream() as upstream, Bench(document(upstream.port, limit=PATIENT)) as gateway:
            if fault != "refuse":  # a kept connection, which the fault meets
                assert (await gateway.chat(await gateway.bench.connect(), path, stream))[0] == 200
            upstream.fault = fault
            gateway.use(document(upstream.port, limit=LIMIT if "hang" in fault else PATIENT))
            started = time.monotonic()
            client = await gateway.bench.connect()
            status, head, body = await gateway.chat(client, path, stream, 300_000 if fault == "early 413" else 0)
            assert time.monotonic() - started < LIMIT + LATE
            assert_told(fault, stream, speaks, status, head, body)
            upstream.fault = ""
            gateway.use(document(upstream.port, limit=PATIENT))
            await gateway.assert_sound()
            for _ in range(3):
                status, _, body = await gateway.chat(await gateway.bench.connect(), path, stream)
                assert (status, text_of(body, speaks)) == (200, REPLY)
            *_, told, _, _, _ = gateway.log.lines
            assert all(line["path"] == path and line["route"] == path[1:] for line in gateway.log.lines)
            assert len(gateway.log.lines) == (4 if fault == "refuse" else 5)
            counted = [(line["prompt_tokens"], line["completion_tokens"]) for line in gateway.log.lines[-3:]]
            assert counted == [(11, 7)] * 3
            if fault in UNSTARTED:
                assert told["status"] == UNSTARTED[fault][0] and told["upstream_error"]

    run(scene())


def assert_told(fault: str, stream: bool, speaks: str, status: int, head: bytes, body: bytes) -> None:
    """What the client got for a fault."""
    if fault in UNSTARTED:
        wanted, code = UNSTARTED[fault]
        assert status == wanted, body
        assert b"\r\nContent-Type: application/json" in head
        assert_error(body, speaks, code)
    elif fault == "early 413":
        assert status == 413 and json.loads(body)["error"]["message"]
    elif fault in BROKEN and stream:
        assert_broken_stream(status, body, fault == "too short")
    elif fault in BROKEN:
        assert status == (504 if "hang" in fault else 502) and "error" in json.loads(body)
    elif fault == "interim" or stream:
        assert status == 200
    else:
        assert status == 502 and "error" in json.loads(body)  # cut to its length, it is no JSON any more
    if fault == "interim":
        assert text_of(body, speaks) == REPLY


def assert_broken_stream(status: int, body: bytes, whole: bool) -> None:
    """A stream that says itself, as its last event, that it is not whole; unless it was `whole` before it broke."""
    assert status == 200
    *before, last = events(body)
    assert not any("error" in event for event in before)
    if not whole:
        assert "error" in last, body[-300:]
        assert b"[DONE]" not in body and b"message_stop" not in body


@pytest.mark.parametrize("path", list(ROUTES))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("host", "status", "code"), [("unknown.test", 503, "dns"), ("slow.test", 504, "connect_timeout")]
)
def test_names(host: str, status: int, code: str, path: str, stream: bool) -> None:
    async def scene() -> None:
        async with Bench(document(80, host=host)) as gateway:
            started = time.monotonic()
            got, _, body = await gateway.chat(await gateway.bench.connect(), path, stream)
            assert time.monotonic() - started < LIMIT + LATE
            assert got == status
            assert_error(body, ROUTES[path][1], f"upstream_{code}")
            await gateway.assert_sound()

    run(scene())


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[ssl.SSLContext, Path]]:
    """Why a certificate is not taken -> a server's context, and the authority that is trusted."""
    folder = tmp_path_factory.mktemp("tls")
    other = folder / "other"
    other.mkdir()
    authority, stranger = make_authority(folder), make_authority(other)
    pairs = {
        "": make_certificate(folder, authority),
        "certificate has expired": _expired(folder, authority),
        "unable to get local issuer certificate": make_certificate(other, stranger),
        "Hostname mismatch": make_certificate(folder, authority, "elsewhere.test"),
    }
    made = {}
    for why, pair in pairs.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        made[why] = (context, authority.certificate)
    return made


def _expired(folder: Path, authority: Any) -> Any:
    old = folder / "old"
    old.mkdir()
    return make_certificate(old, authority, days=-1)


@pytest.fixture
def forgotten() -> Iterator[None]:
    tls.forget_contexts()
    yield
    tls.forget_contexts()


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize("path", list(ROUTES))
@pytest.mark.parametrize(
    "why", ["", "certificate has expired", "unable to get local issuer certificate", "Hostname mismatch"]
)
def test_certificates(
    why: str, path: str, contexts: dict[str, tuple[ssl.SSLContext, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = contexts[why]
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    async def scene() -> None:
        async with FaultyUpstream(context) as upstream, Bench(document(upstream.port, "https", "localhost")) as gateway:
            status, _, body = await gateway.chat(await gateway.bench.connect(), path, False)
            if not why:
                assert (status, text_of(body, ROUTES[path][1])) == (200, REPLY)
            else:
                assert status == 502
                assert_error(body, ROUTES[path][1], "upstream_tls")
                assert why in json.loads(body)["error"]["message"]
                assert upstream.whole == 0  # no byte of the request went to who is not trusted
            await gateway.assert_sound()

    run(scene())


@pytest.mark.parametrize("path", list(ROUTES))
@pytest.mark.parametrize("fault", ["hang before head", "hang in head", "hang in body"])
def test_a_client_that_leaves_takes_its_request_along_at_once(fault: str, path: str) -> None:
    async def scene() -> None:
        config = document(0)
        async with FaultyUpstream() as upstream:
            config = document(upstream.port)
            for service in config["services"]:
                service["read_timeout"] = 60_000
            async with Bench(config) as gateway:
                upstream.fault = fault
                client = await gateway.bench.connect()
                asking = asyncio.ensure_future(gateway.chat(client, path, True))
                while upstream.whole < 1:
                    upstream.changed.clear()
                    await upstream.changed.wait()
                upstream.changed.clear()
                client.writer.transport.abort()
                started = time.monotonic()
                while not upstream.left:
                    upstream.changed.clear()
                    await upstream.changed.wait()
                assert time.monotonic() - started < 0.1 + LATE / 10  # 0.1 s, and what a busy machine adds
                with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                    await asking
                await gateway.assert_sound()
                (line,) = gateway.log.lines
                assert line["aborted"] is True and line["status"] in (200, 499)

    run(scene())
