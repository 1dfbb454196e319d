"""Asking a gateway whether it is ready."""

from __future__ import annotations

import asyncio
import socket

import pytest
from support.proxy_bench import run
from support.raw_upstream import RawUpstream, answer_bytes, ok

from gateway.settings import Settings
from gateway.transport import asking
from gateway.transport.asking import AskError, ask_ready


def ask(raw: bytes) -> tuple[bool, str]:
    async def scene() -> tuple[bool, str]:
        async with RawUpstream(answer_bytes(raw, close=True)) as upstream:
            return await ask_ready(Settings.from_env({"KONG_STATUS_LISTEN": f"0.0.0.0:{upstream.port}"}))

    return run(scene())


def test_ready_and_not() -> None:
    assert ask(ok(b'{"message":"ready"}')) == (True, "ready")
    assert ask(ok(b'{"message":"draining"}').replace(b"200 OK", b"503 No")) == (False, "draining")
    assert ask(b"HTTP/1.1 500 Oops\r\n\r\nhtml") == (False, "status 500")


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200"])
def test_something_else_answers(raw: bytes) -> None:
    with pytest.raises(AskError, match="is not a gateway"):
        ask(raw)


def test_nobody_answers() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{holder.getsockname()[1]}"
        with pytest.raises(AskError, match=f"nobody answers on {where}"):
            run(ask_ready(Settings.from_env({"KONG_STATUS_LISTEN": where})))


def test_no_status_listener() -> None:
    with pytest.raises(AskError, match="KONG_STATUS_LISTEN is off"):
        run(ask_ready(Settings.from_env({"KONG_STATUS_LISTEN": "off"})))


def test_silence_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ASK_SECONDS", 0.1)

    async def scene() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await ask_ready(Settings.from_env({"KONG_STATUS_LISTEN": f"127.0.0.1:{port}"}))
        finally:
            server.close()

    with pytest.raises(AskError, match=r"within 0\.1 s"):
        run(scene())
