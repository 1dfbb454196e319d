"""What must not be read in two ways: a table of requests, each over a real connection, cut in several ways. The bytes
and verdicts are in ambiguity/requests.txt.

The upstream is watched, and a last request on the same connection proves that both sides are still in step.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.ambiguity import Case, read_cases
from support.proxy_bench import Client, ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, ok

from gateway.counters import Counters
from gateway.entities import Config
from gateway.exchange import Exchange
from gateway.settings import Settings
from gateway.snapshot import Snapshot
from gateway.vault import Vault

CASES = read_cases(Path(__file__).parent / "ambiguity" / "requests.txt")
LIMIT = 65536
LAST = b"GET /last HTTP/1.1\r\nHost: h\r\n\r\n"


async def answer(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
    writer.write(ok(b"" if arrived.head.startswith(b"HEAD ") else arrived.target))


def snapshot_of(port: int) -> Snapshot:
    service = {"name": "s", "url": f"http://127.0.0.1:{port}", "routes": [{"name": "r", "paths": ["/"]}]}
    config = Config.from_declarative({"_format_version": "3.0", "services": [service]})
    return Snapshot.compile(config, Vault({}), {"counters": Counters.create(shared=False)})


async def statuses(client: Client, count: int) -> list[int]:
    """Of the final answers that come, at most so many; fewer when the connection ends before."""
    found: list[int] = []
    while len(found) < count:
        try:
            head, _ = await client.answer()
        except asyncio.IncompleteReadError as ended:
            assert not ended.partial, f"half an answer: {ended.partial!r}"
            break
        except ConnectionError:
            break
        status = int(head.split(b" ")[1])
        if status >= 200:
            found.append(status)
    return found


async def play(case: Case, pieces: list[bytes]) -> None:
    taken, _, end = case.verdict.partition(" ")
    count = int(taken)
    async with RawUpstream(answer) as upstream:
        snapshot = snapshot_of(upstream.port)
        options: Any = {"body_limit": LIMIT, "begin": lambda one: Exchange(snapshot, one, bench.runtime)}
        async with ProxyBench(**options) as bench:
            bench.runtime.settings = Settings.from_env({"KONG_PROXY_ACCESS_LOG": "off"})
            client = await bench.connect()
            for piece in pieces:
                client.send(piece)
                await asyncio.sleep(0)
            if end == "wait":
                assert await statuses(client, count) == [200] * count
                client.writer.write_eof()
                assert await client.rest() == b""
            elif not end:
                assert await statuses(client, count) == [200] * count
                client.send(LAST)
                assert await statuses(client, 1) == [200]
                assert upstream.arrived.pop().target == b"/last"
            else:
                wanted = [200] * count + ([] if end == "close" else [int(end)])
                assert await statuses(client, len(wanted) + 1) == wanted
            assert len(upstream.arrived) == count
            for arrived in upstream.arrived:
                assert_unambiguous(arrived)


def assert_unambiguous(arrived: Arrived) -> None:
    """What goes upstream can be read in one way only, also by somebody who is lenient."""
    names = [line.split(b":")[0].lower() for line in arrived.lines]
    assert names.count(b"content-length") <= 1 and names.count(b"host") == 1
    assert not {b"transfer-encoding", b"trailer", b"expect", b"http2-settings"} & set(names)
    assert not any(byte in arrived.head.replace(b"\r\n", b"") for byte in (b"\r", b"\n", b"\0"))
    assert all(line[:1] not in b" \t" and b" :" not in line.partition(b" ")[0] for line in arrived.lines)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_one_piece(case: Case) -> None:
    run(play(case, [case.data]))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_in_pieces(case: Case) -> None:
    size = max(1, len(case.data) // 7)
    run(play(case, [case.data[start : start + size] for start in range(0, len(case.data), size)]))


def test_there_are_as_many_cases_as_were_asked_for() -> None:
    answers = read_cases(Path(__file__).parent / "ambiguity" / "answers.txt")
    assert len(CASES) + len(answers) >= 200
