"""What an upstream may answer, and what a client gets of it: the table in ambiguity/answers.txt, over real sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from support.ambiguity import Case, read_cases
from support.proxy_bench import Client, ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, ok

CASES = read_cases(Path(__file__).parent / "ambiguity" / "answers.txt")
END = b"CLOSE"


async def answered(client: Client, method: bytes) -> tuple[int, bytes, bool]:
    """Status, body as far as it came, and whether it is whole."""
    head = await client.head()
    low = head.lower()
    status = int(head.split(b" ")[1])
    if method == b"HEAD" or status in (204, 304):
        return status, b"", True
    if b"content-length:" in low:
        length = int(low.split(b"content-length:")[1].split(b"\r\n")[0])
        try:
            return status, await client.reader.readexactly(length), True
        except asyncio.IncompleteReadError as ended:
            return status, ended.partial, False
    body = b""
    while True:
        line = await client.reader.readline()
        if not line:
            return status, body, False
        size = int(line, 16)
        body += await client.reader.readexactly(size)
        await client.reader.readexactly(2)
        if not size:
            return status, body, True


async def play(case: Case, cut: int) -> None:
    method, status, end, text = case.verdict.split(" ", 3)
    data, closes, _ = case.data.partition(END)
    told = asyncio.Event()

    async def answer(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
        if arrived.target == b"/last":
            writer.write(ok(b"last"))
            return True
        size = max(1, len(data) // cut)
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await writer.drain()
        told.set()
        return not closes

    async with RawUpstream(answer) as upstream, ProxyBench(upstream.origin) as bench:
        client = await bench.connect()
        length = b"Content-Length: 0\r\n" if method == "POST" else b""
        target = b"/cut" if end == "cut" else b"/"  # what the exchange is told to do about it
        client.send(b"%b %b HTTP/1.1\r\nHost: h\r\n%b\r\n" % (method.encode(), target, length))
        got, body, whole = await answered(client, method.encode())
        assert (got, whole) == (int(status), end != "cut")
        if got != 502:
            assert body == json.loads(text).encode()
        assert b"evil" not in body
        if end != "cut":
            await told.wait()
            last = await bench.connect()
            assert (await last.ask(b"/last"))[1] == b"last"
            assert upstream.connections == (1 if end == "keep" else 2)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_one_piece(case: Case) -> None:
    run(play(case, 1))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_pieces(case: Case) -> None:
    run(play(case, 5))
