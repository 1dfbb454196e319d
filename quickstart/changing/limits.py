"""`ai-gateway limit`: limits on tokens or money as the plugin ai-rate-limiting-advanced has them. Pure.

    limit openai 1000/60s          everything that OpenAI answers, through whichever route
    limit /openai/chat 1000/60s    one route; there it takes the place of the limit for everything
    limit openai off

Not for: counting (the gateway), asking, applying (change.py).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.entities import KINDS, Entity, id_of
from quickstart.errors import UsageError
from quickstart.plan import Plan
from quickstart.reconcile import deck_file
from quickstart.reconcile.rows import Rows, read

PLUGIN = "ai-rate-limiting-advanced"
STRATEGIES = {
    "total": "total_tokens", "prompt": "prompt_tokens", "completion": "completion_tokens", "cost": "cost",
}  # fmt: skip
_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"(\d+(?:\.\d+)?)/(\d*)(s|sec|m|min|h|d)")
MODEL_PLUGINS = ("ai-proxy", "ai-proxy-advanced")


@dataclass(frozen=True, slots=True)
class Limit:
    amount: float  # tokens, or USD
    seconds: float

    @property
    def shown(self) -> str:
        """As it can be typed."""
        for unit, seconds in (("d", 86400), ("h", 3600)):
            if self.seconds % seconds == 0:
                return f"{_number(self.amount)}/{_number(self.seconds / seconds)}{unit}"
        return f"{_number(self.amount)}/{_number(self.seconds)}s"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is limited: the calls of `providers`, everywhere or below one row."""

    providers: tuple[str, ...]
    shown: str
    kind: Literal["", "services", "routes"] = ""
    id: str = ""

    @property
    def parent(self) -> tuple[str, str] | None:
        """The foreign field and id of the row it is below; None for everywhere."""
        return (KINDS[self.kind].singular, self.id) if self.kind else None


@dataclass(frozen=True, slots=True)
class Found:
    """One limit that is in force."""

    where: str
    provider: str
    limits: tuple[Limit, ...]
    by: str


def parse(text: str) -> Limit:
    """`1000/60s`, `5000/h`, `2.5/1d`. Raises UsageError."""
    match = _FORM.fullmatch(text.strip().lower())
    seconds = int(match[2] or 1) * _UNITS[match[3]] if match else 0
    if match is None or not seconds or not float(match[1]):
        raise UsageError(f"{text!r} is not a limit.", "Write AMOUNT/TIME, such as 1000/60s, 5000/h or 100000/1d.")
    return Limit(float(match[1]), seconds)


def scope(word: str, plan: Plan, rows: Rows) -> Scope:
    """Whom `word` means: a provider or public name that is set up, a route by path or name. Raises UsageError."""
    named = [route for route in plan.routes if word in (route.public, route.provider)]
    if named:
        chosen = next((route for route in named if route.public == word), named[0])
        if {route.public for route in plan.routes if route.provider == chosen.provider} == {chosen.public}:
            return Scope((chosen.provider,), chosen.public)
        service = _called(rows, "services", chosen.service)
        if service is not None:  # others speak the same dialect: theirs is not to be counted
            return Scope((chosen.provider,), chosen.public, "services", service["id"])
    for row in rows["routes"].values():
        if word == row["name"] or word in [path.removeprefix("~").removesuffix("$") for path in row["paths"] or ()]:
            providers = _providers(rows, row["id"])
            if not providers:
                raise UsageError(f"The route {word} calls no model, so there are no tokens to limit.")
            return Scope(providers, word, "routes", row["id"])
    known = sorted({route.public for route in plan.routes} | {route.path for route in plan.routes})
    raise UsageError(f"{word!r} is neither a provider nor a route that is set up.", f"There are: {', '.join(known)}")


def limited(rows: Rows, where: Scope, limits: Sequence[Limit], by: str = "") -> Rows:
    """The rows with these limits in the place of the scope's own. `by`: a key of STRATEGIES, "" for what it is, or
    total. Raises UsageError, QuickstartError for what the plugin does not take."""
    out = copy.deepcopy(rows)
    row = limiter(out, where)
    if row is None:
        row = _new(where)
        out["plugins"][row["id"]] = row
    config = row["config"]
    entries = config.setdefault("llm_providers", [])
    others = [entry["name"] for entry in entries if entry["name"] not in where.providers]
    before = config.get("tokens_count_strategy")
    if by:
        if before not in (None, STRATEGIES[by]) and others:
            now = next(word for word, strategy in STRATEGIES.items() if strategy == before)
            raise UsageError(
                f"The limits of {', '.join(others)} count by {now}, and all limits of one place count alike.",
                f"Use --by {now}, or limit one route: ai-gateway limit /{where.providers[0]}/chat ...",
            )
        config["tokens_count_strategy"] = STRATEGIES[by]
    for provider in where.providers:
        entry = next((entry for entry in entries if entry["name"] == provider), None)
        if entry is None:
            entry = {"name": provider}
            entries.append(entry)
        entry["limit"] = [_number(limit.amount) for limit in limits]
        entry["window_size"] = [_number(limit.seconds) for limit in limits]
    return read(deck_file.text(out), "The configuration with this limit")


def unlimited(rows: Rows, where: Scope) -> Rows:
    """The rows without the scope's limits."""
    out = copy.deepcopy(rows)
    row = limiter(out, where)
    if row is not None:
        entries = row["config"]["llm_providers"]
        row["config"]["llm_providers"] = [entry for entry in entries if entry["name"] not in where.providers]
        if not row["config"]["llm_providers"]:
            del out["plugins"][row["id"]]
    return out


def listing(rows: Rows) -> list[Found]:
    """Every limit in force, the ones for everything first."""
    found = []
    for row in rows["plugins"].values():
        if row["name"] != PLUGIN or not row["enabled"]:
            continue
        by = next(word for word, strategy in STRATEGIES.items() if strategy == row["config"]["tokens_count_strategy"])
        for entry in row["config"]["llm_providers"]:
            pairs = zip(entry["limit"], entry["window_size"], strict=True)
            limits = tuple(Limit(amount, seconds) for amount, seconds in pairs)
            found.append(Found(_place(rows, row), entry["name"], limits, by))
    return sorted(found, key=lambda one: (one.where, one.provider))


def _place(rows: Rows, row: Entity) -> str:
    """Where a plugin applies, in words; "" for everywhere."""
    for kind in ("routes", "services", "consumers"):
        parent = row[KINDS[kind].singular]
        if parent is not None:
            inner = rows[kind][parent["id"]]
            paths = list(inner.get("paths") or [])
            path = paths[0].removeprefix("~").removesuffix("$") if len(paths) == 1 else ""
            return str(path or inner.get("name") or inner.get("username") or inner["id"])
    return ""


def limiter(rows: Rows, where: Scope) -> Entity | None:
    """The plugin that holds the scope's own limits."""
    parent = where.parent
    wanted = {} if parent is None else {parent[0]: parent[1]}
    for row in rows["plugins"].values():
        scopes = {field: row[field]["id"] for field in ("route", "service", "consumer") if row[field] is not None}
        if row["name"] == PLUGIN and scopes == wanted:
            return row
    return None


def _new(where: Scope) -> Entity:
    row: Entity = {"name": PLUGIN, "route": None, "service": None, "consumer": None, "config": {}}
    if where.parent is not None:
        row[where.parent[0]] = {"id": where.parent[1]}
    row["id"] = id_of(KINDS["plugins"], {"name": PLUGIN}, where.parent)
    return row


def _providers(rows: Rows, route: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in rows["plugins"].values():
        if row["name"] in MODEL_PLUGINS and row["route"] == {"id": route}:
            models: list[Any] = [row["config"]["model"]] if row["name"] == "ai-proxy" else []
            models += [target["model"] for target in row["config"].get("targets") or ()]
            found |= dict.fromkeys(model["provider"] for model in models)
    return tuple(found)


def _called(rows: Rows, kind: str, name: str) -> Entity | None:
    return next((row for row in rows[kind].values() if row["name"] == name), None)


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value
