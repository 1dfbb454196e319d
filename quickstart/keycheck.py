"""Whether a key works: one free request to its provider, the outcome in one line. It never blocks: a key that cannot be
checked is kept and that is said.

Not for: cleaning keys (keys.py), a request that costs tokens (the proof through the gateway, health.py). What a
provider's refusal means is the provider's own knowledge (Provider.diagnose). No text made here holds a key.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import httpx

from gateway.providers._base import CHAT, Call, Provider, ProviderError
from quickstart import endpoints, messages

TIMEOUT = 10.0
MOST_BYTES = 8 << 20
CLOCK_SKEW = 300.0

Verdict = Literal["ok", "warn", "bad", "unknown"]
"""ok: works. warn: the key is right, something else is not yet. bad: refused. unknown: could not be asked."""

_VERDICTS: Mapping[str, Verdict] = {
    "ok": "ok",
    "invalid_key": "bad",
    "other_key": "bad",
    "forbidden": "bad",
    "no_credit": "warn",
    "rate_limited": "warn",
}


class KeyCheck(NamedTuple):
    verdict: Verdict
    kind: str  # Diagnosis.kind, or "dns" | "tls" | "clock" | "proxy" | "refused" | "timeout" | "network"
    message: str
    hint: str = ""
    models: tuple[str, ...] = ()  # the provider's live list, () when it was not got


Open = Callable[[], httpx.Client]


def open_client() -> httpx.Client:
    """Honours HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE, as the gateway's upstream calls do."""
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=True)


def check(
    provider: Provider,
    header_value: str,
    base: str = "",
    environment: Mapping[str, str] | None = None,
    client: Open = open_client,
    wall: Callable[[], float] = time.time,
) -> KeyCheck:
    """Asks `provider` at `base` ("" = its own origin) with the complete header value, once."""
    environment = environment if environment is not None else {}
    path = provider.check_path or provider.models_path
    if not path or not (base or provider.origin):
        return KeyCheck("unknown", "unknown", messages.text("check.no_way", title=provider.title))

    def place(path: str) -> str:
        return endpoints.moved(path, endpoints.parse(base)) if base else provider.origin + path

    url = place(path)
    host = urlsplit(url).hostname or url
    headers = {"Accept": "application/json", "User-Agent": "ai-gateway-quickstart"}
    if provider.auth_header and header_value:
        headers[provider.auth_header] = header_value
    headers.update(check_headers(provider))
    try:
        with client() as opened:
            status, answer_headers, body = _get(opened, url, headers)
            listed = body
            if status == 200 and provider.check_path and provider.models_path:
                listed_status, _, listed = _get(opened, place(provider.models_path), headers)
                if listed_status != 200:
                    listed = b""
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return explain(error, host, environment)
    skew = _skew(answer_headers.get("date", ""), wall())
    if status == 200:
        return _accepted(provider, listed)
    diagnosis = provider.diagnose(status, body)
    verdict = _VERDICTS.get(diagnosis.kind, "unknown")
    hint = diagnosis.hint
    if verdict == "bad" and diagnosis.kind == "invalid_key" and provider.key_url and provider.key_url not in hint:
        hint = f"{hint}\n{messages.text('check.new_key', url=provider.key_url)}".strip()
    if verdict == "bad" and abs(skew) > CLOCK_SKEW:
        hint = f"{messages.text('check.clock_also', minutes=round(abs(skew) / 60))}\n{hint}".strip()
    return KeyCheck(verdict, diagnosis.kind, diagnosis.message, hint)


def check_headers(provider: Provider) -> dict[str, str]:
    """Headers the provider wants on every request beside the credential; the model does not matter here."""
    return dict(provider.headers(Call(CHAT, "", {})))


def _accepted(provider: Provider, body: bytes) -> KeyCheck:
    try:
        models = tuple(provider.models(json.loads(body))) if body else ()
    except (ValueError, ProviderError):
        # a captive portal or a wrong URL also says 200
        return KeyCheck("unknown", "not_llm", messages.text("check.not_llm", title=provider.title))
    if not models:
        return KeyCheck("ok", "ok", messages.text("check.accepted"))
    return KeyCheck("ok", "ok", messages.text("check.accepted_models", count=len(models)), "", models)


def explain(error: Exception, host: str, environment: Mapping[str, str]) -> KeyCheck:
    """A transport error as one line: name, certificate, proxy, refusal and silence told apart."""
    proxy = _proxy(environment)
    chain = list(_causes(error))
    text = " ".join(str(cause) for cause in chain).lower()
    named = {"host": host, "proxy": proxy}
    if isinstance(error, httpx.ProxyError) or (proxy and isinstance(error, httpx.ConnectError)):
        kind, hint = "proxy", "check.proxy_hint"
    elif any(isinstance(cause, ssl.SSLError) for cause in chain) or "ssl" in text or "certificate" in text:
        late = "not yet valid" in text or "has expired" in text
        kind, hint = ("clock", "check.clock_hint") if late else ("tls", "check.tls_hint")
    elif (
        any(isinstance(cause, socket.gaierror) for cause in chain) or "name or service" in text or "getaddrinfo" in text
    ):
        kind, hint = "dns", "check.dns_hint"
    elif isinstance(error, httpx.TimeoutException):
        kind, hint = "timeout", "check.timeout_hint"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in chain) or "refused" in text:
        kind, hint = "refused", "check.timeout_hint"
    else:
        kind, hint = "network", "check.timeout_hint"
    if hint == "check.timeout_hint" and proxy:
        hint = "check.proxy_hint"
    seconds = f"{TIMEOUT:.0f}"
    return KeyCheck(
        "unknown", kind, messages.text(f"check.{kind}", seconds=seconds, **named), messages.text(hint, **named)
    )


def _get(client: httpx.Client, url: str, headers: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
    body = bytearray()
    with client.stream("GET", url, headers=dict(headers)) as answer:
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                break
        return answer.status_code, answer.headers, bytes(body)


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _proxy(environment: Mapping[str, str]) -> str:
    """The proxy's host and port as set, without the password some people put into it."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        if value := environment.get(name, ""):
            try:
                parts = urlsplit(value if "://" in value else f"http://{value}")
                return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
            except ValueError:
                return name
    return ""


def _skew(date: str, now: float) -> float:
    """Seconds this machine's clock is ahead of the provider's; 0 when the answer did not say."""
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return 0.0
