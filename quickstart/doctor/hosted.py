"""The way to every hosted provider, and whether its key works: name, proxy, certificate, clock and key by one free
request, then whether the provider still lists the route's model.

Not for: doing the request (keycheck.py), servers of this machine (servers.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from gateway.providers import providers
from gateway.providers._base import Provider
from quickstart import diagnosis, endpoints, keycheck, messages
from quickstart.doctor.finding import Finding, Mark, found
from quickstart.doctor.patient import Patient
from quickstart.keycheck import CLOCK_SKEW, KeyCheck
from quickstart.plan import RoutePlan

CHECK = "upstream"
_MARKS: Mapping[str, Mark] = {"ok": "ok", "warn": "warn", "bad": "bad", "unknown": "bad"}
_LISTED = 5
Check = Callable[[Provider, str, str, Mapping[str, str]], KeyCheck]


def check(patient: Patient, ask: Check = keycheck.check) -> Iterator[Finding]:
    """One request per provider and key, all at once."""
    known = providers()
    asked: dict[tuple[str, str], RoutePlan] = {}
    for route in patient.hosted:
        if route.secret and not patient.secrets.get(route.secret):
            continue  # the keys file's check says it
        asked.setdefault((route.upstream_url.partition("/v1")[0], route.secret), route)
    if not asked:
        return

    def outcome(route: RoutePlan) -> KeyCheck:
        # by its title: what Kong knows under no name of its own is rendered as another provider
        named = next((one for one in known.values() if one.title == route.title), None)
        provider = named or known.get(route.provider) or known["openai"]
        return ask(provider, patient.secrets.get(route.secret, ""), base(provider, route), patient.way_out)

    with ThreadPoolExecutor(max_workers=min(8, len(asked))) as pool:
        outcomes = list(pool.map(outcome, asked.values()))
    for (key, route), result in zip(asked.items(), outcomes, strict=True):
        yield _of(route, result, patient)
        if result.kind not in ("clock",) and abs(result.skew) > CLOCK_SKEW:
            yield found(CHECK, "warn", "clock", route.public, minutes=round(abs(result.skew) / 60), host=_host(route))
        for other in patient.hosted:
            same = (other.upstream_url.partition("/v1")[0], other.secret) == key
            if same and result.models and not _lists(result.models, other) and "azure" not in other.provider:
                listed = ", ".join(result.models[:_LISTED])
                where = other.title
                yield found(CHECK, "bad", "model_gone", other.public, where=where, model=other.model, listed=listed)


def base(provider: Provider, route: RoutePlan) -> str:
    """Where the provider is asked: "" for its own origin, as keycheck.check() takes it."""
    address = endpoints.parse(route.upstream_url.partition("?")[0])
    if provider.origin and endpoints.parse(provider.origin).host == address.host:
        return ""
    for path in (provider.models_path, provider.check_path, *provider.paths.values()):
        before, found, _ = address.path.partition("/" + path.strip("/").partition("/")[0] + "/")
        if found and path:
            return address.url(before)
    return address.url(endpoints.base_path(address.path))


def _of(route: RoutePlan, result: KeyCheck, patient: Patient) -> Finding:
    host = _host(route)
    if result.verdict == "ok":
        keyless = not route.secret
        told = diagnosis.told("upstream_no_key" if keyless else "upstream_ok", host=host)
        listed = messages.text("diagnosis.listed", count=len(result.models)) if result.models else ""
        return Finding(CHECK, "ok", "ok", "; ".join(filter(None, (told.message, listed))), "", route.public)
    return Finding(CHECK, _MARKS[result.verdict], result.kind, result.message, result.hint, route.public)


def _host(route: RoutePlan) -> str:
    return route.shown_upstream


def _lists(models: tuple[str, ...], route: RoutePlan) -> bool:
    """Names of a list may carry a prefix (`models/...`) or the version that an alias stands for."""
    return any(name == route.model or name.rpartition("/")[2] == route.model for name in models)
