"""Parts to talk to Konnect's mock in this process: clients that do not wait, a plan, a home. Not for: containers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.konnect_mock.server import TOKEN, KonnectMock
from support.setups import a_plan, a_route, places_in

from quickstart.files import Places
from quickstart.konnect.client import Client
from quickstart.plan import KonnectPlan, Plan
from quickstart.render import render

KEY = "Bearer sk-canary0KeyThatNoKonnectMaySee8g4A"
PLAN = KonnectPlan("ai-gateway", "eu", "gateway", "kong/kong-gateway:3.15")


class Office:
    """A mock, a home of somebody who sets the gateway up with it, and what they wait for."""

    def __init__(self, folder: Path, mock: KonnectMock, product: str = "gateway") -> None:
        self.mock = mock
        self.folder = folder
        self.places: Places = places_in(folder)
        self.environment = {"AI_GATEWAY_KONNECT_URL": mock.address}
        self.waited: list[float] = []
        self.plan = konnect_plan(folder, product)

    def open(self, token: str = TOKEN, region: str = "eu", environment: Mapping[str, str] | None = None) -> Client:
        return Client(
            token, region, environment or self.environment, sleep=self.waited.append, wall=lambda: 1000.0,
            chance=lambda: 1.0,
        )  # fmt: skip

    @property
    def configuration(self) -> str:
        return render(self.plan).kong_yml


def konnect_plan(folder: Path, product: str = "gateway", *names: str, **more: Any) -> Plan:
    """A plan with a chat route for each name."""
    made = [
        a_route(
            9, public=name, name=f"{name}-api_{name}-chat", service=f"{name}-api", auth_header="Authorization",
            secret=f"{name.upper()}_AUTH_HEADER",
        )
        for name in names or ("openai",)
    ]  # fmt: skip
    secrets = {route.secret: KEY for route in made} | {"KONNECT_TOKEN": TOKEN}
    konnect = KonnectPlan("ai-gateway", "eu", product, "kong/kong-gateway:3.15")
    return a_plan(folder, *made, runtime="konnect", konnect=konnect, secrets=secrets, **more)
