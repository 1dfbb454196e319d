"""The proxy variables: usable, the same that the gateway has, and not in the way of this machine itself.

Not for: whether the proxy lets requests through (hosted.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.settings.proxies import ForwardProxy, ProxyError, configured, direct
from quickstart import messages
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.reach import outward
from quickstart.reach.outward import AUTHORITIES

CHECK = "proxy"
_OTHERS = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_HERE = ("localhost", "127.0.0.1", "*")


def check(patient: Patient) -> Iterator[Finding]:
    """The way out is the one that was set up; before that, the one that setup would find here."""
    way, here = patient.way_out, patient.environment
    if path := way.get(AUTHORITIES, ""):
        yield from _unusable(path)
    try:
        proxy, typed = configured(way), configured(here)
    except ProxyError as malformed:
        yield found(CHECK, "bad", "proxy_malformed", variable=malformed.variable)
        return
    other = next((name for name in _OTHERS if here.get(name)), "")
    if proxy:
        yield found(CHECK, "ok", "proxy_set", proxy=proxy.shown)
    elif other and not typed:
        yield found(CHECK, "warn", "proxy_http_only", variable=other)
    else:
        yield found(CHECK, "ok", "proxy_none")
    # https requests to http://localhost do not exist: only these variables send a program's chat into the proxy
    if other and not set(direct(here)) & set(_HERE):
        yield found(CHECK, "warn", "proxy_loopback", variable=other)
    yield from _differing(proxy, typed)


def _unusable(path: str) -> Iterator[Finding]:
    try:
        outward.certificates(path)
    except outward.Unusable as problem:
        yield found(CHECK, "bad", problem.code, path=path)


def _differing(proxy: ForwardProxy | None, typed: ForwardProxy | None) -> Iterator[Finding]:
    """A terminal without the variable is none that says anything: the gateway goes the way that was set up."""
    if typed is None or (proxy is not None and proxy.url == typed.url):
        return
    said = proxy.shown if proxy is not None else messages.text("diagnosis.proxy_direct")
    yield found(CHECK, "warn", "proxy_stale", here=typed.shown, proxy=said)
