"""Looks into a rendered kong.yml: the routes of the original on one side, those for SDKs on the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

Json = Any


def routes(text: str) -> Iterator[tuple[Json, Json]]:
    """(service, route) for every route."""
    for service in yaml.safe_load(text)["services"]:
        for route in service["routes"]:
            yield service, route


def for_sdks(route: Json) -> bool:
    return "-sdk-" in route["name"] or route["name"].startswith("front-door_")


def original_routes(text: str) -> Iterator[tuple[Json, Json]]:
    return (pair for pair in routes(text) if not for_sdks(pair[1]))


def sdk_routes(text: str) -> Iterator[tuple[Json, Json]]:
    return (pair for pair in routes(text) if for_sdks(pair[1]))


def targets(route: Json) -> list[Json]:
    """What ai-proxy or ai-proxy-advanced is told about each model behind a route; none for the list of models."""
    (plugin,) = route["plugins"]
    if plugin["name"] == "request-termination":
        return []
    config = plugin["config"]
    return list(config["targets"]) if plugin["name"] == "ai-proxy-advanced" else [config]
