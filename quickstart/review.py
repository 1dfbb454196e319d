"""What a plan would change, compared with what is set up: the content of the review screen. Pure.

Not for: asking or printing it (wizard_review.py), applying it (launch.py). Keys are compared, never shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.settings.proxies import PROXY
from quickstart import messages
from quickstart.plan import Plan, RoutePlan
from quickstart.reconcile.proposal import Proposal
from quickstart.reconcile.situation import Situation
from quickstart.render import Rendered

Mark = Literal["+", "~", "-"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is set up now. `plan` None: nothing is."""

    plan: Plan | None = None
    kong_yml: str = ""
    kong_env: str = ""
    secrets: Mapping[str, str] | None = None  # name -> header value
    situation: Situation | None = None  # what is in force, edits included
    standing: str = ""  # when that was last changed and how long it runs, in words


@dataclass(frozen=True, slots=True)
class Change:
    mark: Mark
    name: str  # "/openai/chat", "proxy"
    field: str = ""  # "model"
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    changes: tuple[Change, ...]
    unchanged: int  # routes
    diff: tuple[str, ...]  # unified, of kong.yml
    kept: tuple[str, ...] = ()  # edits made meanwhile that stay
    dropped: tuple[str, ...] = ()  # and those that do not
    restarts: bool = False  # whether the gateway has to be started anew

    @property
    def nothing(self) -> bool:
        return not self.changes and not self.diff


def compare(plan: Plan, rendered: Rendered, earlier: Earlier, proposal: Proposal | None = None) -> Review:
    """Routes by name, then keys, ports, runtime and places. The diff beside is of what is in force and would be, where
    that is known, else of the rendered text."""
    old = {route.name: route for route in earlier.plan.routes} if earlier.plan else {}
    new = {route.name: route for route in plan.routes}
    changes: list[Change] = []
    unchanged = 0
    for name, route in new.items():
        if name not in old:
            changes.append(Change("+", route.path, "", "", route.model))
            continue
        found = _route_changes(old[name], route)
        changes += found
        unchanged += not found
    changes += [Change("-", route.path, "", route.model) for name, route in old.items() if name not in new]
    machine = _machine_changes(earlier.plan, plan) if earlier.plan is not None else []
    if earlier.plan is not None:
        changes += [*_key_changes(earlier.plan, plan, earlier.secrets or {}), *machine]
    if proposal is None or proposal.before is None:
        diff = unified(earlier.kong_yml, rendered.kong_yml)
        return Review(tuple(changes), unchanged, tuple(diff), restarts=bool(machine))
    kept, dropped = (tuple(edit.text for edit in edits) for edits in (proposal.kept, proposal.dropped))
    return Review(tuple(changes), unchanged, tuple(proposal.unified()), kept, dropped, bool(machine))


def unified(old: str, new: str) -> list[str]:
    """A unified diff of two configurations; they hold references, so no secret can be in it."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "kong.yml (now)", "kong.yml (new)", lineterm="")
    return list(lines)


def _route_changes(old: RoutePlan, new: RoutePlan) -> list[Change]:
    shown = (
        ("provider", old.provider, new.provider),
        ("model", old.model, new.model),
        ("upstream", *_upstreams(old, new)),
        ("key", old.secret, new.secret),
    )
    found = [Change("~", new.path, field, before, after) for field, before, after in shown if before != after]
    if not found and old.options != new.options:
        names = sorted(name for name in {*old.options, *new.options} if old.options.get(name) != new.options.get(name))
        found = [
            Change("~", new.path, name, str(old.options.get(name, "")), str(new.options.get(name, "")))
            for name in names
        ]
    return found


def _upstreams(old: RoutePlan, new: RoutePlan) -> tuple[str, str]:
    """As people typed them where that tells the two apart, else whole."""
    if old.upstream_url != new.upstream_url and old.shown_upstream != new.shown_upstream:
        return old.shown_upstream, new.shown_upstream
    return old.upstream_url, new.upstream_url


def _key_changes(old: Plan, plan: Plan, before: Mapping[str, str]) -> list[Change]:
    """Which keys differ; what they are is nobody's business here."""
    changed = [name for name, value in plan.secrets.items() if name in before and before[name] != value]
    if PROXY in changed:  # where it is another proxy, that is told with the machine's changes
        changed.remove(PROXY)
        if old.forward_proxy == plan.forward_proxy:
            return [Change("~", "gateway", "forward proxy", "", messages.text("review.new_password")), *_told(changed)]
    return _told(changed)


def _told(changed: Sequence[str]) -> list[Change]:
    return [Change("~", name, "key", "", messages.text("review.new_key")) for name in changed]


def _machine_changes(old: Plan, new: Plan) -> list[Change]:
    pairs: Sequence[tuple[str, str, object, object]] = [
        *((name, "port", old.ports.get(name, ""), new.ports[name]) for name in new.listeners),
        ("gateway", "runtime", old.runtime, new.runtime),
        ("gateway", "network", _network(old), _network(new)),
        ("gateway", "address", old.bind, new.bind),
        ("gateway", "workers", old.workers, new.workers),
        ("gateway", "forward proxy", old.forward_proxy or "-", new.forward_proxy or "-"),
        ("gateway", "NO_PROXY", old.no_proxy or "-", new.no_proxy or "-"),
        ("gateway", "certificates", _trusted(old, new), _trusted(new, old)),
        ("gateway", "base image", old.base_image, new.base_image),
        ("files", "directory", old.output_dir, new.output_dir),
        ("gateway", "control plane", _control_plane(old), _control_plane(new)),
        ("gateway", "image", old.konnect.image if old.konnect else None, new.konnect.image if new.konnect else None),
        ("built-in model", "port", old.local_model_port, new.local_model_port if new.local_model else None),
    ]
    found = [Change("~", name, field, str(a), str(b)) for name, field, a, b in pairs if a != b and b is not None]
    if new.runtime == "process":
        found = [change for change in found if change.field not in ("base image", "network")]
    return found


def _trusted(plan: Plan, other: Plan) -> str:
    """The bundle by its path; where both have the same path and another content, with what stands for that."""
    if not plan.ca_file:
        return "system"
    same = plan.ca_file == other.ca_file and plan.ca_sum != other.ca_sum
    return f"{plan.ca_file} ({plan.ca_sum})" if same else plan.ca_file


def _control_plane(plan: Plan) -> str:
    if plan.konnect is None:
        return "here"
    return f"Konnect {plan.konnect.region}: {plan.konnect.control_plane}"


def _network(plan: Plan) -> str:
    return "host" if plan.host_network else "bridge"
