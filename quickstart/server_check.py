"""Whether a model server of this machine is as a route needs it: it answers, is a model server, has the model, wants no
other key; one that is gone is looked for on other ports. The twin of keycheck.py for what runs here.

Not for: the way to it from a container (reach/inside.py), servers elsewhere (keycheck.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from quickstart import diagnosis, discovery, endpoints
from quickstart.answers import LOCAL_TITLES
from quickstart.diagnosis import Told
from quickstart.discovery import Probed, Server
from quickstart.local_http import listens

PATIENCE = 2.0
"""Seconds for a server that somebody named; one that was only guessed gets discovery.TIMEOUT."""
FINE = "server_ok"
_LISTED = 5


def _probe(base: str, key: str) -> Probed | None:
    return discovery.probe(base, timeout=PATIENCE, key=key)


@dataclass(frozen=True, slots=True)
class Ways:
    """How the machine is looked at; a test hands in others."""

    probe: Callable[[str, str], Probed | None] = _probe
    discover: Callable[[Collection[int]], Sequence[Server]] = discovery.discover
    listens: Callable[[str, int], bool] = listens
    speaks: Callable[[str, int], bool] = discovery.speaks


REAL = Ways()


def check(url: str, model: str, name: str, key: str = "", ours: Collection[int] = (), ways: Ways = REAL) -> Told:
    """`url` as a person types it, `name` the route's public name, `key` a complete Authorization value, `ours` ports
    that are not asked. The code is FINE or one of server_*, model_gone."""
    address = endpoints.parse(url)
    host = address.host if address.host not in endpoints.CONTAINER_NAMES else "localhost"
    address = address._replace(host=host)
    shown = f"{address.scheme}://{address.authority}"
    answered = ways.probe(endpoints.root(address), key)
    if answered is None:
        if ways.listens(host, address.port):
            code = "server_wrong" if ways.speaks(host, address.port) else "server_silent"
            return diagnosis.told(code, url=shown)
        similar = next((one for one in ways.discover(ours) if has(one.models, model)), None)
        if similar is not None:
            return diagnosis.told("server_moved", url=shown, port=similar.port, name=name, found=similar.url)
        return diagnosis.told("server_gone", url=shown)
    if answered.locked:
        return diagnosis.told("server_locked", url=shown, name=name)
    if not answered.models:
        return diagnosis.told("server_empty", url=shown, model=model)
    title = LOCAL_TITLES[answered.kind]
    if model and not has(answered.models, model):
        listed = ", ".join(answered.models[:_LISTED])
        return diagnosis.told("model_gone", where=f"{title} at {shown}", model=model, listed=listed)
    return diagnosis.told(FINE, title=title, url=shown, count=len(answered.models))


def has(models: Collection[str], wanted: str) -> bool:
    """Ollama takes `mistral` for `mistral:latest`."""
    return wanted in models or f"{wanted}:latest" in models
