"""The proxy variables: usable, the same that the gateway has, and not in the way of this machine itself.

Not for: whether the proxy lets requests through (hosted.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.reach.proxies import ProxyMalformed, configured, direct

CHECK = "proxy"
_OTHERS = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_HTTPS = ("HTTPS_PROXY", "https_proxy")
_HERE = ("localhost", "127.0.0.1", "*")


def environment_of(pid: int) -> Mapping[str, str]:
    """The environment that a process of ours was started with; empty where the system does not tell."""
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0") if b"=" in entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def check(patient: Patient, environment_of: Callable[[int], Mapping[str, str]] = environment_of) -> Iterator[Finding]:
    environment = patient.environment
    if (path := environment.get("SSL_CERT_FILE", "")) and not os.access(path, os.R_OK):
        yield found(CHECK, "bad", "ca_missing", path=path)
    try:
        proxy = configured(environment)
    except ProxyMalformed as malformed:
        yield found(CHECK, "bad", "proxy_malformed", variable=str(malformed))
        return
    other = next((name for name in _OTHERS if environment.get(name)), "")
    if proxy:
        yield found(CHECK, "ok", "proxy_set", proxy=proxy.shown)
    elif other:
        yield found(CHECK, "warn", "proxy_http_only", variable=other)
    else:
        yield found(CHECK, "ok", "proxy_none")
    # https requests to http://localhost do not exist: only these variables send a program's chat into the proxy
    if other and not set(direct(environment)) & set(_HERE):
        yield found(CHECK, "warn", "proxy_loopback", variable=other)
    yield from _the_gateways(patient, environment_of)


def _the_gateways(patient: Patient, environment_of: Callable[[int], Mapping[str, str]]) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None or not patient.status.running:
        return
    here = _https(patient.environment)
    if plan.runtime == "docker":
        if here and patient.hosted:
            yield found(CHECK, "warn", "proxy_container")
        return
    word = patient.status.detail.partition("pid ")[2].partition(",")[0]
    started = environment_of(int(word)) if word.isdigit() else {}
    if started and _https(started) != here:
        yield found(CHECK, "warn", "proxy_stale")


def _https(environment: Mapping[str, str]) -> str:
    return next((environment[name] for name in _HTTPS if environment.get(name)), "")
