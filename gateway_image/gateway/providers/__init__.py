"""The providers, found by folder: a file without a leading underscore is one. Not for: naming any of them here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from gateway.providers._base import Provider


@cache
def providers() -> dict[str, Provider]:
    """Every provider by its word in `model.provider`, in alphabetical order."""
    from pkgutil import iter_modules

    found: dict[str, Provider] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        if module.name.startswith("_"):
            continue
        found[module.name] = _in_file(module.name)
    return found


def get(name: str) -> Provider:
    """One provider; its file alone is read. Raises KeyError with the names there are."""
    try:
        return _in_file(name)
    except ImportError:
        raise KeyError(f"unknown provider {name!r}: use one of {', '.join(providers())}") from None


@cache
def _in_file(name: str) -> Provider:
    """What the file of this name says. Raises ImportError where there is none, or one about another provider."""
    module = import_module(f"{__name__}.{name}")
    for value in vars(module).values():
        here = isinstance(value, type) and issubclass(value, Provider) and value.__module__ == module.__name__
        if here and getattr(value, "name", None) == name:
            return cast(type[Provider], value)()
    raise ImportError(f"no provider in {module.__name__} is called {name}")


def owner_of(key: str) -> str:
    """The provider whose keys begin like this one, by the longest beginning; "" when none or several do."""
    best: dict[int, set[str]] = {}
    for name, provider in providers().items():
        for prefix in provider.key_prefixes:
            if key.startswith(prefix):
                best.setdefault(len(prefix), set()).add(name)
    names = best[max(best)] if best else set()
    return names.pop() if len(names) == 1 else ""
