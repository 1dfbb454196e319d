"""What models cost, as the plugins that call them have it: without a price, nothing that they answer counts as money,
and a limit by cost is never reached. Pure.

Not for: limits (limits.py), counting (the gateway).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quickstart.changing.limits import MODEL_PLUGINS, STRATEGIES, Scope, limiter
from quickstart.errors import UsageError
from quickstart.messages import text
from quickstart.reconcile import deck_file
from quickstart.reconcile.rows import Rows, read

_FIELDS = ("input_cost", "output_cost")


@dataclass(frozen=True, slots=True)
class Price:
    """USD per 1,000,000 tokens; 0 costs nothing."""

    input: float
    output: float


def parse(given: str) -> Price:
    """`0.25/2`: prompt tokens, then those of answers. Raises UsageError."""
    parts = given.split("/")
    try:
        price = Price(*(float(part.strip().removeprefix("$")) for part in parts))
    except (ValueError, TypeError):
        price = Price(math.nan, math.nan)
    if not all(math.isfinite(value) and value >= 0 for value in (price.input, price.output)) or price == Price(0, 0):
        raise UsageError(text("limit.no_price", given=given), text("limit.price_form"))
    return price


def priced(rows: Rows, where: Scope, price: Price) -> tuple[Rows, list[str]]:
    """The rows with this price for the models of the scope that have none, for all where all have one; and their
    names."""
    out = copy.deepcopy(rows)
    every = list(_models(out, where))
    chosen = [model for model in every if not _has_price(model)] or every
    for model in chosen:
        model["options"] = {**(model.get("options") or {}), "input_cost": price.input or None}
        model["options"]["output_cost"] = price.output or None
    return read(deck_file.text(out), "The configuration with this price"), sorted({_name(model) for model in chosen})


def require(rows: Rows, where: Scope, target: str) -> None:
    """Raises UsageError where the scope's limit counts money and a model of it has no price."""
    row = limiter(rows, where)
    if row is None or row["config"].get("tokens_count_strategy") != STRATEGIES["cost"]:
        return
    free = sorted({_name(model) for model in _models(rows, where) if not _has_price(model)})
    if free:
        raise UsageError(text("limit.unpriced", models=", ".join(free)), text("limit.unpriced_hint", target=target))


def _has_price(model: dict[str, Any]) -> bool:
    options = model.get("options") or {}
    return any(options.get(name) for name in _FIELDS)


def _name(model: dict[str, Any]) -> str:
    return str(model.get("name") or text("limit.any_model"))


def _models(rows: Rows, where: Scope) -> Iterator[dict[str, Any]]:
    """The models that requests of the scope reach, as they stand in the rows."""
    for row in rows["plugins"].values():
        if row["name"] not in MODEL_PLUGINS or not _below(rows, row, where):
            continue
        models = [row["config"]["model"]] if row["name"] == "ai-proxy" else []
        models += [target["model"] for target in row["config"].get("targets") or ()]
        yield from (model for model in models if model["provider"] in where.providers)


def _below(rows: Rows, row: dict[str, Any], where: Scope) -> bool:
    if where.parent is None:
        return True
    field, id = where.parent
    if row[field] == {"id": id}:
        return True
    route = rows["routes"].get((row["route"] or {}).get("id", ""))
    return field == "service" and route is not None and route["service"] == {"id": id}
