"""Patients for the checks of doctor, made of values alone. Not for: faults made real (fault_bed.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.setups import a_plan, a_route, places_in

from quickstart.deployment import Deployment
from quickstart.doctor.finding import Finding
from quickstart.doctor.patient import Patient
from quickstart.plan import RoutePlan
from quickstart.runtime import RunStatus

RUNNING = RunStatus(True, "pid 4242", 0.0)
SECRET = "OPENAI_AUTH_HEADER"


def a_patient(folder: Path, *routes: RoutePlan, plan: dict[str, Any] | None = None, **more: Any) -> Patient:
    """Somebody with these routes set up; without routes, with one to a local server on port 1."""
    made = a_plan(folder, *(routes or (served(1),)), **(plan or {}))
    told: dict[str, Any] = {"deployed": Deployment(made, "image"), "environment": {}}
    return Patient(places_in(folder), **(told | more))


def nobody(folder: Path, **more: Any) -> Patient:
    """Nothing was ever set up."""
    return Patient(places_in(folder), more.pop("environment", {}), **more)


def served(port: int, **more: Any) -> RoutePlan:
    """A route to a model server of this machine."""
    return a_route(port, **({"title": "llama.cpp"} | more))


def provided(**more: Any) -> RoutePlan:
    """A route to a hosted provider."""
    told: dict[str, Any] = {
        "title": "OpenAI", "provider": "openai", "public": "openai", "model": "gpt-6-luna", "secret": SECRET,
        "auth_header": "Authorization",
        "upstream_url": "https://api.openai.com:443/v1/chat/completions", "shown_upstream": "api.openai.com",
    }  # fmt: skip
    return a_route(1, **(told | more))


def codes(findings: Any) -> list[tuple[str, str]]:
    return [(finding.mark, finding.code) for finding in findings if isinstance(finding, Finding)]
