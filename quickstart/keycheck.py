"""Whether a key works: one free request to its provider, the outcome in one line. It never blocks: a key that cannot be
checked may be kept, and that is said.

The way there is the gateway's own: its proxy rules, its certificate authorities. Not for: cleaning keys (keys.py), a
request that costs tokens (the proof through the gateway, health.py), wording (diagnosis.py). What a provider's refusal
means is the provider's own knowledge (Provider.diagnose). No text made here holds a key.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import httpx

from gateway.providers._base import CHAT, Call, Provider, ProviderError
from gateway.settings.proxies import ProxyError, configured
from quickstart import diagnosis, endpoints, keys, messages
from quickstart.diagnosis import Told
from quickstart.reach import causes, names, proxies

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
    "region": "bad",
    "no_credit": "warn",
    "rate_limited": "warn",
}


class KeyCheck(NamedTuple):
    verdict: Verdict
    kind: str  # a code of diagnosis.py
    message: str
    hint: str = ""
    models: tuple[str, ...] = ()  # the provider's live list, () when it was not got
    skew: float = 0.0  # seconds this machine's clock is ahead of the provider's, 0 when nobody said


def check(
    provider: Provider,
    header_value: str,
    base: str = "",
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    wall: Callable[[], float] = time.time,
) -> KeyCheck:
    """Asks `provider` at `base` ("" = its own origin) with the complete header value, once."""
    environment = environment if environment is not None else {}
    timeout = TIMEOUT if timeout is None else timeout
    path = provider.check_path or provider.models_path
    if not path or not (base or provider.origin):
        return KeyCheck("unknown", "unknown", messages.text("diagnosis.no_way", title=provider.title))
    url = _place(provider, path, base)
    try:
        with open_client(url, environment, timeout) as opened:
            status, headers, body = _get(opened, url, _headers(provider, header_value))
            listed = body
            if status == 200 and provider.check_path and provider.models_path:
                again = _place(provider, provider.models_path, base)
                listed_status, _, listed = _get(opened, again, _headers(provider, header_value))
                if listed_status != 200:
                    listed = b""
    except NoWay as problem:
        return _unchecked(problem.told)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return _unchecked(explain(error, url, environment, timeout))
    skew = _skew(headers.get("date", ""), wall())
    return _judged(provider, status, body, listed, header_value, urlsplit(url).hostname or url, skew)


def _judged(
    provider: Provider, status: int, body: bytes, listed: bytes, value: str, host: str, skew: float
) -> KeyCheck:
    clock = diagnosis.told("clock", minutes=round(abs(skew) / 60), host=host) if abs(skew) > CLOCK_SKEW else None
    if status == 200:
        accepted = _accepted(provider, listed)._replace(skew=skew)
        if clock is None or accepted.verdict != "ok":
            return accepted
        said = messages.text("diagnosis.clock_accepted", reason=clock.message)
        return accepted._replace(verdict="warn", kind="clock", message=said, hint=clock.hint)
    found = provider.diagnose(status, body)
    key = keys.key_of(provider, value)
    other = keys.whose(key, provider) if key else None
    told = diagnosis.of_refusal(provider, found, status, keys.ending(key), other.title if other else "")
    verdict = _VERDICTS.get(told.code, "unknown")
    hint = f"{clock.message}\n{told.hint}".strip() if clock and verdict == "bad" else told.hint
    message = told.message if verdict != "unknown" else messages.text("diagnosis.unchecked", reason=told.message)
    return KeyCheck(verdict, told.code, message, hint, (), skew)


def _accepted(provider: Provider, body: bytes) -> KeyCheck:
    try:
        models = tuple(provider.models(json.loads(body))) if body else ()
    except (ValueError, ProviderError):
        # a captive portal or a wrong URL also says 200
        told = diagnosis.of_refusal(provider, provider.diagnose(200, b""), 200)
        return _unchecked(told)
    if not models:
        return KeyCheck("ok", "ok", messages.text("check.accepted"))
    return KeyCheck("ok", "ok", messages.text("check.accepted_models", count=len(models)), "", models)


def _unchecked(told: Told) -> KeyCheck:
    return KeyCheck("unknown", told.code, messages.text("diagnosis.unchecked", reason=told.message), told.hint)


def check_headers(provider: Provider) -> dict[str, str]:
    """Headers the provider wants on every request beside the credential; the model does not matter here."""
    return dict(provider.headers(Call(CHAT, "", {})))


def _headers(provider: Provider, header_value: str) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "ai-gateway-quickstart"}
    if provider.auth_header and header_value:
        headers[provider.auth_header] = header_value
    return headers | check_headers(provider)


def _place(provider: Provider, path: str, base: str) -> str:
    return endpoints.moved(path, endpoints.parse(base)) if base else provider.origin + path


# -- the way there ---------------------------------------------------------------------------------------------------


class NoWay(Exception):
    """Known before a connection is tried."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.message)
        self.told = told


def open_client(url: str, environment: Mapping[str, str], timeout: float = TIMEOUT) -> httpx.Client:
    """A client for `url` that goes the gateway's way: HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE. Raises NoWay."""
    parts = urlsplit(url)
    host = parts.hostname or url
    try:
        proxy = proxies.chosen(url, environment)
    except ProxyError as malformed:
        raise NoWay(diagnosis.told("proxy_malformed", variable=malformed.variable)) from None
    named, port = (proxy.host, proxy.port) if proxy else (host, parts.port or 443)
    try:
        names.resolve(named, port, min(timeout, names.SECONDS))
    except names.NameSlow:
        raise NoWay(diagnosis.told("dns_slow", host=named, seconds=f"{min(timeout, names.SECONDS):g}")) from None
    except names.NameUnknown:
        if proxy:
            raise NoWay(diagnosis.told("proxy_name", host=host, proxy=proxy.shown)) from None
        raise NoWay(diagnosis.told("dns", host=host)) from None
    return httpx.Client(
        timeout=timeout, follow_redirects=False, trust_env=False, proxy=proxy.url if proxy else None,
        verify=trusted(environment) if parts.scheme == "https" else False,
    )  # fmt: skip


def trusted(environment: Mapping[str, str]) -> ssl.SSLContext:
    """The certificate authorities that the gateway trusts too: the system's, or SSL_CERT_FILE's. Raises NoWay."""
    path, folder = environment.get("SSL_CERT_FILE", ""), environment.get("SSL_CERT_DIR", "")
    if not (path or folder):
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path or None, folder or None)
    except (OSError, ssl.SSLError):
        raise NoWay(diagnosis.told("ca_missing", path=path or folder)) from None
    return context


def explain(error: Exception, url: str, environment: Mapping[str, str], timeout: float = TIMEOUT) -> Told:
    """A transport error: name, certificate, proxy, refusal and silence told apart."""
    try:
        proxy = proxies.chosen(url, environment)
        set_here = configured(environment)
    except ProxyError as malformed:
        return diagnosis.told("proxy_malformed", variable=malformed.variable)
    state = messages.text("diagnosis.state_unset")
    if set_here:
        state = messages.text("diagnosis.state_set", proxy=set_here.shown)
    return diagnosis.told(
        causes.cause(error, proxy is not None),
        host=urlsplit(url).hostname or url,
        proxy=proxy.shown if proxy else "",
        seconds=f"{timeout:g}",
        state=state,
    )


def _get(client: httpx.Client, url: str, headers: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
    body = bytearray()
    with client.stream("GET", url, headers=dict(headers)) as answer:
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                break
        return answer.status_code, answer.headers, bytes(body)


def _skew(date: str, now: float) -> float:
    """Seconds this machine's clock is ahead of the provider's; 0 when the answer did not say."""
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return 0.0
