"""What doctor looks at, also where little is there; routes by whatever a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fault_bed import write_down
from support.patients import a_patient, provided, served
from support.setups import a_plan, places_in

from quickstart.answers import Answers
from quickstart.container_spec import EngineProblem
from quickstart.doctor.patient import admit, is_local, names
from quickstart.errors import EnvironmentProblem, UsageError
from quickstart.runtime import RunStatus


class Gone:
    """A runner whose engine does not answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def status(self) -> RunStatus:
        raise self.error


def test_nothing_was_set_up(tmp_path: Path) -> None:
    patient = admit(places_in(tmp_path), {})
    assert patient.plan is None and not patient.damaged and patient.routes == []


def test_a_damaged_record(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    places.deployment.parent.mkdir(parents=True)
    places.deployment.write_text("{")
    assert admit(places, {}).damaged


@pytest.mark.parametrize("error", [EngineProblem("denied", "no", "do"), EnvironmentProblem("no", "do")])
def test_an_engine_that_is_gone(tmp_path: Path, error: Exception) -> None:
    places = places_in(tmp_path)
    write_down(a_plan(tmp_path, served(1)), Answers(), places)
    patient = admit(places, {}, runners=lambda *_: Gone(error))  # type: ignore[arg-type, return-value]
    assert patient.engine_problem is not None and not patient.status.running
    assert patient.engine_problem.message == "no"


def test_a_route_that_there_is_not(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    write_down(a_plan(tmp_path, served(1)), Answers(), places)
    with pytest.raises(UsageError, match="no route nope") as refused:
        admit(places, {}, "nope")
    assert "mock" in refused.value.hint
    assert [route.public for route in admit(places, {}, "mock").routes] == ["mock"]


@pytest.mark.parametrize("word", ["", "mock", "/mock/chat", "mock/chat", "mock-api_mock-chat", "mock-api"])
def test_a_route_has_many_names(word: str) -> None:
    assert names(served(1), word) and (not word or not names(served(1), word + "x"))


def test_servers_of_this_machine_and_providers_on_it_are_told_apart(tmp_path: Path) -> None:
    stand_in = provided(shown_upstream="localhost:9")
    assert is_local(served(1)) and not is_local(provided()) and not is_local(stand_in)
    patient = a_patient(tmp_path, served(1), provided())
    assert [route.title for route in patient.local] == ["llama.cpp"]
    assert [route.title for route in patient.hosted] == ["OpenAI"]


def test_the_keys_are_in_no_repr(tmp_path: Path) -> None:
    assert "canary" not in repr(a_patient(tmp_path, secrets={"X": "canary"}))
