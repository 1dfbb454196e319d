"""The last upstream errors, as the gateway remembers them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.mock_server import Answer, Asked, MockServer, as_json
from support.patients import a_patient, codes, nobody

from quickstart.doctor import recent


def row(**more: Any) -> dict[str, Any]:
    return {"id": "abc", "ended": 1.7e9, "target": "/mock/chat?x=1", "status": 200, "upstream_status": 200, **more}


BROKEN = row(status=502, upstream_status=0, error="refused: nothing listens")


def test_errors_of_upstreams_only_and_the_last_five(tmp_path: Path) -> None:
    rows = [row(), *[BROKEN] * 7, row(status=404, upstream_status=0)]
    found = list(recent.check(a_patient(tmp_path, ready=True), lambda plan: rows))
    assert codes(found) == [("note", "recent_error")] * recent.MOST
    assert "nothing listens" in found[0].message and "?x=1" not in found[0].message
    assert found[0].remedy == "ai-gateway logs abc"


def test_a_refusal_of_the_upstream_counts(tmp_path: Path) -> None:
    (found,) = recent.check(a_patient(tmp_path, ready=True), lambda plan: [row(status=429, upstream_status=429)])
    assert "upstream 429" in found.message


def test_no_error(tmp_path: Path) -> None:
    assert codes(recent.check(a_patient(tmp_path, ready=True), lambda plan: [row()])) == [("ok", "errors_none")]


def test_one_route(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, ready=True, route="mock")
    assert codes(recent.check(patient, lambda plan: [BROKEN | {"target": "/other/chat"}])) == [("ok", "errors_none")]


def test_a_gateway_that_does_not_run_is_not_asked(tmp_path: Path) -> None:
    assert list(recent.check(nobody(tmp_path))) == [] == list(recent.check(a_patient(tmp_path)))


def test_the_manager_is_asked(tmp_path: Path) -> None:
    class Manager(MockServer):
        says = as_json({"requests": [BROKEN, 7]})

        def answer(self, asked: Asked) -> Answer:
            return self.says

    with Manager() as manager:
        patient = a_patient(tmp_path, ready=True)
        assert patient.plan is not None
        patient.plan.ports["manager"] = manager.port
        assert codes(recent.check(patient)) == [("note", "recent_error")]
        assert (manager.last.method, manager.last.path) == ("POST", "/manager/requests")
        manager.says = Answer(401, b"no")
        assert codes(recent.check(patient)) == [("ok", "errors_none")]
