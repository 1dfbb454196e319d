"""The plugins, found by folder: a file without a leading underscore is one and names its class in `PLUGIN`. Not for:
naming any of them here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.plugins._base import Plugin


@cache
def registry() -> dict[str, type[Plugin]]:
    """Every plugin by the word in a row's `name`, in alphabetical order. Raises when two files claim one name."""
    from pkgutil import iter_modules

    found: dict[str, type[Plugin]] = {}
    for module in iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        plugin: type[Plugin] = import_module(f"{__name__}.{module.name}").PLUGIN
        if plugin.name in found:
            raise ImportError(f"two plugins are called {plugin.name}: {found[plugin.name].__module__}, {module.name}")
        found[plugin.name] = plugin
    return dict(sorted(found.items()))


def plugin_class(name: str) -> type[Plugin]:
    """The plugin that rows of this name are about. Its file alone is read: a worker has no memory for others. Raises
    KeyError."""
    try:
        plugin: type[Plugin] = import_module(f"{__name__}.{name.replace('-', '_')}").PLUGIN
    except (ImportError, AttributeError) as error:
        raise KeyError(name) from error
    if plugin.name != name:
        raise KeyError(name)
    return plugin
