"""What a real Kong 3.9.1 with a database answered, this Admin API answers too; deviations are listed with reasons."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.admin_api import Admin, request
from support.recorded_admin import Replay, Step, scenarios

from gateway.plugins import registry

SCENARIOS = scenarios()

DEVIATIONS = (
    # (scenario, pattern of the step's name, reason)
    ("cors", "GET with other Origin|GET with Origin null", "a page of another site must not read the configuration"),
    ("node", "weird Host", "a name that is not this node's may be a page's (DNS rebinding)"),
    ("node", "Host with path characters|empty Host", "the listener refuses these before anybody is asked"),
    ("node", "/config.*", "the whole configuration can be read and replaced here as well"),
    ("node", "/timers|/acme|/endpoints|/metrics", "parts of a Kong that are not here"),
    ("services-errors", "NaN", "not JSON, which is what the answer says"),
    ("key-auth-acls", "(basic-auth|jwt|hmac-auth|oauth2).*", "credentials of plugins that are not here"),
    ("key-auth-acls", "nested ttl( negative)?", "credentials do not expire, which is said instead of ignored"),
    ("schemas", "entity basicauth_credentials", "credentials of a plugin that is not here"),
    ("plugins-errors", "ai-proxy (bad provider|many)", "there are more providers to choose from"),
    ("plugins-errors", "ai-proxy bad route_type", "there are more kinds of requests to choose from"),
    ("schemas", "validate plugin bad", "there are more kinds of requests to choose from"),
    ("plugins-errors", "rate-limiting policy", "there is no database for the policy cluster to count in"),
    ("plugins-errors", "enterprise plugin.*", "a plugin that Kong sells"),
    ("manager", "create key-auth|consumer credentials", "a ttl of null is no reason for a 500"),
    ("plugins-errors", "route bad id", "Kong reads protocols of a route that it has not found"),
    ("targets", "bad target|bad port", "the text names the target, as Kong's own does for a declarative configuration"),
    ("targets", "patch weight null|patch target", "a weight of null is Kong's own confusion"),
)


def planned(step: Step) -> str:
    """Why a difference is fine, "" when it is not."""
    for scenario, pattern, reason in DEVIATIONS:
        if scenario == step["scenario"] and re.fullmatch(pattern, step["name"]):
            return reason
    return ""


class Absent:
    """Steps about plugins that this gateway has not, and about rows that such a step would have made."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def concerns(self, step: Step) -> bool:
        asked = step["request"]
        path, body = asked["path"], asked.get("body")
        named = re.search(r"/schemas?/(?:plugins/)?([a-z0-9-]+)", path)
        name = body.get("name") if isinstance(body, dict) else None
        if name is None and isinstance(body, str):
            form = re.search(r"(?:^|&)name=([a-z0-9-]+)", body)
            name = form[1] if form else None
        if ("/plugins" in path and isinstance(name, str) and name not in registry()) or (
            "plugin" in step["name"] and named and "/plugin" in path and named[1] not in (*registry(), "validate")
        ):
            self.ids |= set(re.findall(r"[0-9a-f-]{36}", f"{path} {body}"))
            self.ids |= set((step.get("save") or {}).keys())
            return True
        if self.ids and asked["method"] == "GET" and path.startswith("/plugins?"):
            return True  # a list in which they would stand
        return any(id in asked.get("path_template", path) or id in path for id in self.ids)


def replay(name: str) -> tuple[int, int, list[str]]:
    """Steps that agree, steps that count, and every difference that is not planned."""
    admin, absent = Admin(), Absent()
    admin.api.metrics = lambda: b"# HELP x\n"
    admin.now = 1_795_321_968.0

    def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
        host = headers.pop("Host", "127.0.0.1:8001")
        admin.now += 0.001
        answer = admin.handle(request(method, path, body, headers, host=host))
        return answer.status, answer.body

    run = Replay(send)
    agree = total = 0
    wrong: list[str] = []
    for step in SCENARIOS[name]:
        skipped = absent.concerns(step) or step.get("unstable")
        found = run.differences(step)
        if skipped or (found and planned(step)):
            continue
        total += 1
        agree += not found
        wrong += [f"{step['name']}: {difference}" for difference in found]
    return agree, total, wrong


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recorded_scenario(name: str) -> None:
    agree, total, wrong = replay(name)
    assert total > 0.5 * len(SCENARIOS[name]) or name.startswith(("plugins", "schemas")), "most steps must count"
    assert not wrong, f"{agree} of {total} agree:\n" + "\n".join(wrong)


def test_every_deviation_is_about_a_recorded_step() -> None:
    for scenario, pattern, _ in DEVIATIONS:
        assert any(re.fullmatch(pattern, step["name"]) for step in SCENARIOS[scenario]), (scenario, pattern)
