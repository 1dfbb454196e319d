"""Each model server is looked at once, with its key; the built-in one is left alone."""

from __future__ import annotations

from pathlib import Path

from support.patients import a_patient, codes, provided, served

from quickstart.discovery import Probed
from quickstart.doctor import servers
from quickstart.server_check import Ways


def test_every_server_once_and_with_its_key(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def probe(base: str, key: str) -> Probed | None:
        asked.append((base, key))
        return Probed("llama.cpp", ("mock-model",))

    routes = (served(7, secret="X"), served(7, secret="X", operation="completions"), served(8), provided())
    patient = a_patient(tmp_path, *routes, secrets={"X": "Bearer k"})
    assert codes(servers.check(patient, Ways(probe))) == [("ok", "server_ok")] * 2
    assert asked == [("http://localhost:7", "Bearer k"), ("http://localhost:8", "")]


def test_the_built_in_model_has_a_check_of_its_own(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, served(7, public="local"), plan={"local_model": True})
    assert list(servers.check(patient, Ways(lambda base, key: None))) == []


def test_a_server_that_is_not_well(tmp_path: Path) -> None:
    ways = Ways(lambda base, key: None, lambda ours: (), lambda host, port: False, lambda host, port: False)
    (found,) = servers.check(a_patient(tmp_path, served(7)), ways)
    assert (found.mark, found.code, found.subject) == ("bad", "server_gone", "mock")
