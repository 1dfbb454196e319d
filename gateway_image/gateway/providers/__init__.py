"""The providers, found by folder: a file without a leading underscore is one. Not for: naming any of them here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from gateway.providers._base import Provider


@cache
def providers() -> dict[str, Provider]:
    """Every provider by its word in `model.provider`, in alphabetical order."""
    found: dict[str, Provider] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        if module.name.startswith("_"):
            continue
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Provider) and value.__module__.endswith(f".{module.name}"):
                found[value.name] = value()
    return found


def get(name: str) -> Provider:
    """One provider. Raises KeyError with the names there are."""
    try:
        return providers()[name]
    except KeyError:
        raise KeyError(f"unknown provider {name!r}: use one of {', '.join(providers())}") from None


def owner_of(key: str) -> str:
    """The provider whose keys begin like this one, by the longest beginning; "" when none or several do."""
    best: dict[int, set[str]] = {}
    for name, provider in providers().items():
        for prefix in provider.key_prefixes:
            if key.startswith(prefix):
                best.setdefault(len(prefix), set()).add(name)
    names = best[max(best)] if best else set()
    return names.pop() if len(names) == 1 else ""
