"""Faults of a network as a whole, each in a namespace of its own: no route, no DNS server, packets that vanish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.fault_bed import KEY, Bed
from support.faults import fault
from support.namespaces import Namespace

HOLE = "192.0.2.2/24"


@contextmanager
def _inside(bed: Bed, namespace: Namespace, url: str) -> Iterator[None]:
    """The provider was set up while nobody looked; then setup and doctor are typed inside."""
    bed.hosted("openai", url)
    bed.flags["check_keys"] = False
    bed.prepare()
    del bed.flags["check_keys"]
    bed.environment["OPENAI_API_KEY"] = f"{KEY}9"  # a key that was not accepted before is asked about
    with namespace:
        bed.prefix = namespace.prefix
        yield


@fault("offline")
def offline(bed: Bed) -> Iterator[None]:
    with _inside(bed, Namespace(), "https://192.0.2.1"):
        yield


@fault("firewall")
def firewall(bed: Bed) -> Iterator[None]:
    with _inside(bed, Namespace(black_hole=HOLE), "https://192.0.2.1"):
        yield


@fault("dns_dead")
def dns_dead(bed: Bed) -> Iterator[None]:
    with _inside(bed, Namespace(), "https://api.provider.test"):
        yield


@fault("dns_slow")
def dns_slow(bed: Bed) -> Iterator[None]:
    with _inside(bed, Namespace("192.0.2.53", HOLE), "https://api.provider.test"):
        yield
