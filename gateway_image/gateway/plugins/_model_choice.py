"""Which targets the `model` of a request means: by alias, by the model's own name, by `alias/name` or `provider/name`.
Not for: choosing among several that are meant (_balancer).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.plugins._balancer import Member

_MOST_NAMED = 60


class UnknownModel(Exception):
    """No target is meant. `str()` is for the client and lists what may be said."""


class Choice(NamedTuple):
    """Targets that are meant, and the model to ask them for: "" = their own."""

    members: tuple[Member, ...]
    model: str = ""


class ModelChoice:
    """The names of one plugin's targets, put in order once.

    A request without a model means the first target where targets have aliases, else all of them. A target without a
    name of its own serves any model: asked for as `alias/MODEL` or `provider/MODEL`, or plainly where it is the only
    such target.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        named: dict[str, list[Member]] = {}
        self._prefixes: dict[str, list[Member]] = {}
        aliased = any(member.proxy.alias for member in members)
        for names in (_aliases, _names, _qualified):  # an alias is never taken for another target's model
            found: dict[str, list[Member]] = {}
            for member in members:
                for name in names(member):
                    found.setdefault(name, []).append(member)
            for name, meant in found.items():
                named.setdefault(name, meant)
        self._named = {name: Choice(tuple(meant)) for name, meant in named.items()}
        self._open = [member for member in members if member.proxy.model is None]
        for member in self._open:
            for prefix in dict.fromkeys((member.proxy.alias, member.proxy.provider.name)):
                if prefix:
                    self._prefixes.setdefault(prefix, []).append(member)
        first = self._named.get(members[0].proxy.alias or "")
        self._unnamed = Choice(tuple(members)) if not aliased else first or Choice((members[0],))

    def names(self) -> list[str]:
        """What a request may say, aliases first."""
        prefixes = [f"{prefix}/MODEL" for prefix in self._prefixes]
        return [*self._named, *prefixes]

    def of(self, asked: object) -> Choice:
        """The choice for a body's `model`. Raises UnknownModel."""
        if not isinstance(asked, str) or not asked:
            return self._unnamed
        found = self._named.get(asked)
        if found is not None:
            return found
        prefix, slash, model = asked.partition("/")
        if slash and model and prefix in self._prefixes:
            return Choice(tuple(self._prefixes[prefix]), model)
        if len(self._open) == 1:
            return Choice((self._open[0],), asked)
        names = self.names()
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise UnknownModel(f"cannot use own model - must be one of: {', '.join(names[:_MOST_NAMED])}{more}")


def _aliases(member: Member) -> list[str]:
    proxy = member.proxy
    return [proxy.alias] if proxy.alias and proxy.model is not None else []


def _names(member: Member) -> list[str]:
    proxy = member.proxy
    return [proxy.model] if proxy.model and proxy.template is None else []


def _qualified(member: Member) -> list[str]:
    proxy = member.proxy
    if not proxy.model or proxy.template is not None:
        return []
    prefixes = dict.fromkeys((proxy.alias, proxy.provider.name))
    return [f"{prefix}/{proxy.model}" for prefix in prefixes if prefix]
