"""Route tables that a real Kong 3.9.1 ran: the same route, and the same path, prefix and status for every request.

What a listener refuses before it asks the router (no Host, a Host that is none, TRACE, a method in lower case) is left
to the transport's tests.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from gateway.paths import split_target
from gateway.router import BadTarget, Router
from gateway.values import Request

FOLDER = Path(__file__).parent.parent / "conformance"
CASES = [
    case
    for name in ("router", "router-config")
    for case in json.loads((FOLDER / f"kong-3.9.1.{name}.json").read_text())
    if case["config_status"] == 201 and case["table"]["_format_version"] == "3.0"
]


def compiled(table: dict[str, Any]) -> Router:
    services: dict[str, dict[str, Any]] = {}
    routes = list(table.get("routes", ()))
    for given in table.get("services", ()):
        service = {"id": str(uuid.uuid4()), **given}
        if "url" in service:
            service["path"] = "/u"  # the one case with a url: http://127.0.0.1:8965/u?q=1
        services[service["id"]] = service
        routes += [{**route, "service": {"id": service["id"]}} for route in service.pop("routes", ())]
    by_name = {service.get("name"): {"id": id} for id, service in services.items()}
    filled = []
    for route in routes:
        owner = route.get("service")
        filled.append(
            {
                "id": str(uuid.uuid4()),
                "name": None,
                **route,
                "service": by_name[owner] if isinstance(owner, str) else owner,
            }
        )
    return Router.compile(filled, services)


def read(recorded: dict[str, Any]) -> Request | None:
    """The request, None for what the router never sees."""
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in recorded["headers"]]
    fields = {name.lower(): value for name, value in lines}
    host = fields.get(b"host")
    if host is None and recorded["version"] == "HTTP/1.1":
        return None
    if host is not None and (not host or b".." in host or b"/" in host or host == b"::1"):
        return None
    if recorded["method"] == "TRACE" or not recorded["method"].isupper():
        return None
    target = recorded["target"].encode("latin-1")
    return Request(recorded["method"].encode(), target, lines, fields, port=8960)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_recorded_table(case: dict[str, Any]) -> None:
    router = compiled(case["table"])
    for expected in case["requests"]:
        request = read(expected["request"])
        if request is None:
            assert expected["status"] in (400, 405)
            continue
        for _ in range(2):  # the second answer may come from memory
            compare(router, request, expected)


def compare(router: Router, request: Request, expected: dict[str, Any]) -> None:
    try:
        host = request.fields.get(b"host", b"").decode("latin-1")
        match = router.match(request.method.decode(), host, request.target, request.headers, port=request.port)
    except BadTarget:
        assert expected["status"] == 400, request.target
        return
    if match is None:
        assert expected["status"] == 404, request.target
        return
    assert expected["status"] not in (400, 404), request.target
    assert match.route["name"] == expected["route"], request.target
    if expected["status"] != 200 or match.service is None:
        return
    if expected["upstream_path"] is not None:
        sent = match.upstream_path(match.service.get("path")) + split_target(request.target)[1]
        assert sent.decode() == expected["upstream_path"]
    prefix = match.stripped_prefix
    assert (prefix and prefix.decode("latin-1")) == expected["x_forwarded_prefix"], request.target


def test_the_recordings_are_all_there() -> None:
    assert len(CASES) > 140
    assert sum(len(case["requests"]) for case in CASES) > 1_200
