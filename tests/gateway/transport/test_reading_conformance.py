"""Raw-socket cases of a real Kong 3.9.1: what its HTTP edge accepts, refuses, sends upstream and passes back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.edge_upstream import answer
from support.proxy_bench import Client, ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream

from gateway.counters import Counters
from gateway.entities import Config
from gateway.exchange import Exchange
from gateway.settings import Settings
from gateway.snapshot import Snapshot
from gateway.vault import Vault

CASES = json.loads((Path(__file__).parents[2] / "conformance" / "kong-3.9.1.http.json").read_text())
VOLATILE = "<volatile>"
REPEATED = re.compile(rb"<(.) x ([0-9]+)>")
GATEWAY_ERROR = "HTTP/1.1 502 Bad Gateway"
DEVIATIONS = {  # case -> (status lines of ours, why)
    "HTTP/0.9": (["HTTP/1.1 400 Bad Request"], "an answer without a head is nothing a gateway should give"),
    "Expect: 100-continue, no route": (["HTTP/1.1 100 Continue"], "bodies are collected before the route is chosen"),
    "upstream answers: 100": (["HTTP/1.1 200 OK"], "Kong makes the interim answer final and hangs"),
    "upstream answers: 102": (["HTTP/1.1 200 OK"], "as above"),
    "upstream answers: 103": (["HTTP/1.1 200 OK"], "as above"),
    "upstream answers: 101": ([GATEWAY_ERROR], "nobody asked to switch protocols"),
    "upstream answers: garbage": ([GATEWAY_ERROR], "Kong passes it as HTTP/0.9"),
    "upstream answers: 99": ([GATEWAY_ERROR], "not a status"),
    "upstream answers: hdr8k": (["HTTP/1.1 200 OK"], "an answer's head may have 64 kB here"),
}

OTHER_HEADERS = {  # case -> why our headers are others
    **dict.fromkeys(
        ("chunk size not hex", "chunk size negative", "chunk size 0x5", "chunk size too big for 64 bit"),
        "nothing went upstream, so there is no upstream latency",
    ),
    "upstream answers: 204body": "a 204 has no Content-Length",
    "upstream answers: hop": "Proxy-Connection and TE are for one hop",
}


def expanded(text: str) -> bytes:
    """`<a x 8000>` stands for a repeated byte."""
    return REPEATED.sub(lambda found: found[1] * int(found[2]), text.encode("latin-1"))


def make(table: dict[str, Any], port: int) -> Snapshot:
    config = Config.from_declarative(json.loads(json.dumps(table).replace("8978", str(port))))
    return Snapshot.compile(config, Vault({}), {"counters": Counters.create(shared=False)})


async def replay(
    table: dict[str, Any], request: dict[str, Any], count: int
) -> tuple[list[tuple[bytes, bytes]], bool, list[Arrived]]:
    """`count` answers, whether the connection was closed after them, and what arrived upstream."""
    async with RawUpstream(answer) as upstream:
        snapshot = make(table, upstream.port)
        async with ProxyBench(port=8960, begin=lambda one: Exchange(snapshot, one, bench.runtime)) as bench:
            bench.runtime.settings = Settings.from_env({"KONG_PROXY_ACCESS_LOG": "off"})
            bench.serving.identity = lambda id: snapshot.identity(id, None, 0.0, own_answer=True)
            client = await bench.connect()
            method = b"HEAD" if str(request["send"][0]).startswith("HEAD") else b"GET"
            got = []
            for piece in request["send"]:
                if isinstance(piece, str):
                    client.send(expanded(piece))
                elif "100-continue" in request["send"][0] and not got:
                    got.append(await client.answer(method))
            if request["half_close"]:
                client.writer.write_eof()
            while len(got) < count:
                got.append(await client.answer(method))
            closed = await is_closed(client) if request["connection"].startswith("closed") else False
            return got, closed, upstream.arrived


async def is_closed(client: Client) -> bool:
    return await client.rest() == b""


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_edge(case: dict[str, Any]) -> None:
    name = case["name"]
    for request in case["requests"]:
        expected = request["responses"]
        lines = [one.get("status_line") for one in expected]
        if name in DEVIATIONS:
            lines = DEVIATIONS[name][0]
            request = {**request, "connection": "kept open"}
        got, closed, arrived = run(replay(case["table"], request, len(lines)))
        assert [head.split(b"\r\n")[0].decode() for head, _ in got] == lines
        if name in DEVIATIONS:
            continue
        for (head, body), one in zip(got, expected, strict=True):
            text = (one.get("body") or "").encode("latin-1")
            if GATEWAY_ERROR.encode() in head:
                assert b"An invalid response was received from the upstream server" in body
            elif VOLATILE.encode() in text:
                assert body.startswith(text.split(VOLATILE.encode())[0])
            elif one.get("framing"):
                assert body == text
            if name not in OTHER_HEADERS and one.get("headers"):
                assert_headers(head, one["headers"], name)
        if request["connection"].startswith("closed"):
            assert closed
        wanted = [(one["method"], expanded(one["path"])) for one in request["upstream_got"] or []]
        assert [(one.head.split(b" ")[0].decode(), one.target) for one in arrived] == wanted


def assert_headers(head: bytes, expected: list[list[str]], case: str) -> None:
    """The same set of headers; values too, where they do not change from run to run."""
    got = sorted(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    names = sorted(name.encode() for name, _ in expected)
    assert [name for name, _ in got] == names, case
    values = {name.lower(): value for name, value in got}
    for name, value in expected:
        if VOLATILE not in value and name not in ("Content-Length", "Content-Type", "Location", "Set-Cookie"):
            assert values[name.lower().encode()].decode() == value
