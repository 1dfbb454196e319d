"""The last real request tells what a free one cannot."""

from __future__ import annotations

from pathlib import Path

from support.patients import a_patient, codes, nobody, provided

from quickstart import proofs
from quickstart.doctor import last_test
from quickstart.health import RouteHealth

ROUTE = provided()
OTHER = provided(name="other-api_other-chat", public="other")


def result(route: object, health: str, code: str = "", model: str = "gpt-6-luna") -> RouteHealth:
    name, path = (ROUTE.name, ROUTE.path) if route is ROUTE else (OTHER.name, OTHER.path)
    return RouteHealth(name, path, model, "api.openai.com", health, 429, "what happened", "what to do", code=code)


def test_a_route_without_credit(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, ROUTE, OTHER)
    proofs.save(patient.places, [result(ROUTE, "no credit", "no_credit"), result(OTHER, "ok")])
    bad, fine = last_test.check(patient)
    assert (bad.mark, bad.code, bad.message, bad.subject) == ("bad", "no_credit", "what happened", "/openai/chat")
    assert bad.remedy == "what to do\nai-gateway check openai"
    assert (fine.mark, fine.code) == ("ok", "tests_ok")


def test_a_test_of_another_model_says_nothing(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, ROUTE)
    proofs.save(patient.places, [result(ROUTE, "no credit", "no_credit", "another")])
    assert list(last_test.check(patient)) == []


def test_only_the_route_that_was_asked_about(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, ROUTE, OTHER, route="other")
    proofs.save(patient.places, [result(ROUTE, "no credit", "no_credit"), result(OTHER, "ok")])
    assert codes(last_test.check(patient)) == [("ok", "tests_ok")]
    assert list(last_test.check(nobody(tmp_path))) == []
