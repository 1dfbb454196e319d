"""The words that stand in paths and entity names: `/mistral/chat`, `mistral-api_mistral-chat`. Pure.

A name once saved stays, because somebody's program calls it. Not for: secrets' names (answers.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from quickstart.answers import COMPATIBLE, Answers, Hosted, LocalKind
from quickstart.errors import UsageError

BUILTIN = "local"
"""The public name of the built-in model; nobody else may have it."""

FAMILIES = {"mistral": re.compile(r"mi[sx]tral", re.I), "llama2": re.compile(r"llama-?_?2(?!\d)", re.I)}
"""Local models that the original offers by name; Kong has a provider for each."""

_KIND_NAMES: dict[LocalKind, str] = {
    "ollama": "ollama", "llama.cpp": "llamacpp", "llama-cpp-python": "llamacpp", "lm-studio": "lmstudio",
    "vllm": "vllm", "other": "model",
}  # fmt: skip


def family_of(public: str) -> str:
    """ "mistral" or "llama2" for a local server chosen under that name, "" for any other."""
    return next((family for family in FAMILIES if public == family or public.startswith(f"{family}-")), "")


def propose(kind: LocalKind, model: str, taken: Collection[str]) -> str:
    """A name for a discovered server: the model's family where it has one, else the server's kind."""
    base = next((family for family, pattern in FAMILIES.items() if pattern.search(model)), _KIND_NAMES[kind])
    return unused(base, f"{base}-local", taken)


def unused(first: str, second: str, taken: Collection[str]) -> str:
    for name in (first, second, *(f"{first}-{number}" for number in range(2, 1000))):
        if name not in taken and name != BUILTIN:
            return name
    raise UsageError(f"There are too many servers named {first}.")


def taken_names(answers: Answers) -> set[str]:
    names = {item.public for item in answers.hosted} | {item.public for item in answers.local}
    return (names | {BUILTIN}) - {""}


def named(answers: Answers, providers: Iterable[str]) -> Answers:
    """The same answers with every public name filled in. Raises UsageError for a name given twice.

    A hosted provider is called by its own name, or `mistral-cloud` where a local server has that one.
    """
    known = set(providers)
    seen: set[str] = {BUILTIN}
    given = [item.public for item in answers.local] + [item.public for item in answers.hosted]
    for public in filter(None, given):
        if public in seen:
            reason = "it is the built-in model's" if public == BUILTIN else "it is given twice"
            raise UsageError(f"The name {public!r} cannot be used: {reason}.", "Give each server a name of its own.")
        seen.add(public)
    hosted: list[Hosted] = []
    for item in answers.hosted:
        public = item.public or unused(item.provider, f"{item.provider}-cloud", seen)
        if item.provider == COMPATIBLE and (public in known or public.startswith("local-")):
            raise UsageError(f"The name {public!r} belongs to a provider of its own.", "Choose another name.")
        seen.add(public)
        hosted.append(replace(item, public=public))
    return replace(answers, hosted=tuple(hosted))
