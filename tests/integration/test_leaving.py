"""Clients that leave in the middle of a stream: the upstream's work ends with them, and what they got is accounted."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from support import kong_file
from support.gateway_process import GatewayProcess, ask, eventually
from support.stream_crowd import NumberedUpstream

pytestmark = pytest.mark.timeout(120)
TOKENS = {
    "name": "ai-rate-limiting-advanced",
    "config": {"llm_providers": [{"name": "openai", "limit": [100_000], "window_size": [3600]}], "strategy": "local"},
}
CLIENTS = 20


async def leaves(port: int, number: int) -> None:
    """Reads a few of a hundred events, and is gone."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = {"stream": True, "messages": [{"role": "user", "content": f"{number} 1000 0.02 -"}]}
    body = json.dumps(asked).encode()
    head = b"POST /openai/chat HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(body) + body)
    for _ in range(10):
        await reader.readuntil(b'"finish_reason": null')
    writer.transport.abort()


def test_they_take_their_upstream_requests_along_and_are_accounted(tmp_path: Path) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        async with NumberedUpstream() as upstream:
            url = f"http://127.0.0.1:{upstream.port}/v1/chat/completions"
            service: dict[str, Any] = {**kong_file.service("openai", url, "m"), "plugins": [TOKENS]}
            file, log = kong_file.write(tmp_path / "kong.yml", service), tmp_path / "access.log"
            gateway = GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "2", "KONG_PROXY_ACCESS_LOG": str(log)})
            await loop.run_in_executor(None, gateway.__enter__)
            try:
                proxy = gateway.ports["PROXY"]
                await asyncio.gather(*(leaves(proxy, number) for number in range(CLIENTS)))
                gone = time.monotonic()
                while upstream.open:
                    await asyncio.sleep(0.005)
                assert time.monotonic() - gone < 2, "a thousand events would take 20 s"
                asked = {"messages": [{"role": "user", "content": "99 1 0 -"}]}
                await loop.run_in_executor(None, eventually, lambda: log.read_text().count("\n") >= CLIENTS, "the log")
                lines = [json.loads(line) for line in log.read_text().splitlines()]
                assert len(lines) == CLIENTS and all(line["aborted"] and line["status"] == 200 for line in lines)
                assert all(line["completion_tokens"] >= 5 for line in lines), lines[0]
                told = await loop.run_in_executor(None, ask, proxy, "POST", "/openai/chat", asked)
                (left,) = (int(text) for name, text in told.headers.items() if "remaining" in name)
                assert left <= 100_000 - sum(line["completion_tokens"] for line in lines)
            finally:
                await loop.run_in_executor(None, gateway.stop)

    asyncio.run(scene())
