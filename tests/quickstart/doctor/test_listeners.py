"""Ports: the gateway's, free, or somebody else's, who is named."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from support.patients import RUNNING, a_patient, codes, nobody

from quickstart.container_spec import EngineProblem
from quickstart.doctor import listeners


def test_a_gateway_that_serves_has_them(tmp_path: Path) -> None:
    assert codes(listeners.check(a_patient(tmp_path, status=RUNNING, ready=True))) == [("ok", "ports_ok")]


def test_a_stopped_one_finds_them_free_or_taken_by_somebody(tmp_path: Path) -> None:
    patient = a_patient(tmp_path)
    assert codes(listeners.check(patient)) == [("ok", "ports_free")]
    assert patient.plan is not None
    with socket.create_server(("127.0.0.1", patient.plan.ports["admin"])):
        (found,) = listeners.check(patient)
    assert (found.mark, found.code, found.subject) == ("bad", "port_taken", "admin")
    assert f"pid {os.getpid()}" in found.message and "--admin-port" in found.remedy


def test_what_others_say_is_not_said_twice(tmp_path: Path) -> None:
    assert list(listeners.check(nobody(tmp_path))) == []
    assert list(listeners.check(a_patient(tmp_path, status=RUNNING))) == []
    assert list(listeners.check(a_patient(tmp_path, engine_problem=EngineProblem("denied", "", "")))) == []
