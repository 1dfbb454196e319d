"""Asks a running gateway on this machine whether it is ready. Not for: being ready (process.py)."""

from __future__ import annotations

import asyncio
import json
import ssl

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.transport.lines import Refused
from gateway.transport.wire import answer_head

ASK_SECONDS = 3.0
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to translate, not to bind


class AskError(GatewayError):
    """The gateway cannot be asked; str() says where it was looked for."""


async def ask_ready(settings: Settings) -> tuple[bool, str]:
    """Whether /status/ready says so, and its words. Raises AskError when nobody answers."""
    if not settings.status_listen:
        raise AskError("KONG_STATUS_LISTEN is off: there is nobody to ask; set it to an address such as 127.0.0.1:8100")
    listener = settings.status_listen[0]
    host = _WILDCARDS.get(listener.host, listener.host)
    where = f"{host}:{listener.port}"
    context = None
    if listener.ssl:
        context = ssl.create_default_context()
        context.check_hostname = False  # it is this machine, whatever name its certificate has
        context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(ASK_SECONDS):
            reader, writer = await asyncio.open_connection(host, listener.port, ssl=context)
            writer.write(b"GET /status/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
    except TimeoutError:
        raise AskError(f"no answer from {where} (KONG_STATUS_LISTEN) within {ASK_SECONDS:g} s") from None
    except OSError as problem:
        raise AskError(f"nobody answers on {where} (KONG_STATUS_LISTEN): {problem.strerror or problem}") from None
    try:
        found = answer_head(answer)
    except Refused:
        found = None
    if found is None:
        raise AskError(f"what answers on {where} (KONG_STATUS_LISTEN) is not a gateway")
    (status, *_), position = found
    try:
        text = str(json.loads(answer[position:])["message"])
    except (ValueError, KeyError, TypeError):
        text = f"status {status}"
    return status == 200, text
