"""What was set up last, kept so that start, status and uninstall work without asking or rendering again.

It is the plan without its secrets, and the image it runs. Not for: what runs right now (runtime.py), the gateway's
configuration (kong.yml).
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quickstart.errors import EnvironmentProblem
from quickstart.plan import KonnectPlan, Plan, RoutePlan

VERSION = 1
_IN_THE_PROCESS = (
    *("runtime", "host_network", "bind", "ports", "workers", "base_image", "konnect"),
    *("forward_proxy", "no_proxy", "ca_file", "ca_sum"),
)


@dataclass(frozen=True, slots=True)
class Deployment:
    plan: Plan
    image: str = ""  # what Runner.prepare said: the image's tag; of a process, what its code is

    def must_restart(self, other: Deployment) -> list[str]:
        """What differs that a running gateway cannot take up: names of plan fields, and "image"."""
        changed = [name for name in _IN_THE_PROCESS if getattr(self.plan, name) != getattr(other.plan, name)]
        if self.plan.runtime == other.plan.runtime == "process":
            changed = [name for name in changed if name not in ("host_network", "base_image")]
        return [*changed, "image"] if self.image != other.image else changed


def to_text(deployment: Deployment) -> str:
    plan = dataclasses.asdict(dataclasses.replace(deployment.plan, secrets={}))
    del plan["secrets"]
    plan["output_dir"] = str(deployment.plan.output_dir)
    return json.dumps({"version": VERSION, "image": deployment.image, "plan": plan}, indent=1, sort_keys=True) + "\n"


def from_text(text: str) -> Deployment:
    """The inverse of to_text; fields that a newer version added are ignored. Raises ValueError."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']}")
        plan: dict[str, Any] = _known(Plan, document["plan"])
        plan["routes"] = tuple(RoutePlan(**_known(RoutePlan, route)) for route in plan["routes"])
        plan["because"] = tuple(plan["because"])
        plan["output_dir"] = Path(plan["output_dir"])
        if plan.get("konnect") is not None:
            plan["konnect"] = KonnectPlan(**_known(KonnectPlan, plan["konnect"]))
        plan["ports"] = {str(name): int(port) for name, port in plan["ports"].items()}
        return Deployment(Plan(**plan), str(document["image"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a deployment: {error}") from error


def _known(kind: type[Plan] | type[RoutePlan] | type[KonnectPlan], values: dict[str, Any]) -> dict[str, Any]:
    names = {item.name for item in dataclasses.fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def load(path: Path) -> Deployment | None:
    """The last deployment, None when nothing was set up. Raises EnvironmentProblem when the file is damaged."""
    try:
        return from_text(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise EnvironmentProblem(
            f"Cannot read what was set up, {path}: {error}.", "Set it up again: ai-gateway setup"
        ) from error


def require(path: Path) -> Deployment:
    """Like load, but nothing set up is an EnvironmentProblem too."""
    deployment = load(path)
    if deployment is None:
        raise EnvironmentProblem("Nothing is set up yet.", "Run: ai-gateway setup")
    return deployment
