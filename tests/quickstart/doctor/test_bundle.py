"""The archive for a report: complete, private, and without a key anywhere in it."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from support.fault_bed import write_down
from support.patients import SECRET, a_patient, nobody, provided

from quickstart.answers import Answers
from quickstart.doctor import bundle
from quickstart.doctor.finding import Finding
from quickstart.doctor.patient import Patient
from quickstart.errors import EnvironmentProblem

CANARY = "sk-canary-51c2f0a97be4"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LEAK = Finding("upstream", "bad", "x", f"the provider said {CANARY}", f"Bearer {CANARY}")


class Talkative:
    """A gateway whose log has a key in it."""

    def logs(self, lines: int, follow: bool = False) -> Iterator[str]:
        yield f"upstream said: invalid key {CANARY}"
        yield "and Authorization: Bearer abcdef"


class Silent:
    def logs(self, lines: int, follow: bool = False) -> Iterator[str]:
        raise EnvironmentProblem("the engine is gone")
        yield


ENVIRONMENT = {
    "OPENAI_API_KEY": "a-plain-canary-word",
    "HTTPS_PROXY": "http://user:hunter2@proxy:3128",
    "LANG": "C.UTF-8",
    "SOMETHING": "else-canary",
}


def leaky(folder: Path) -> Patient:
    secrets = {SECRET: f"Bearer {CANARY}"}
    patient = a_patient(
        folder, provided(), plan={"secrets": secrets}, secrets=secrets, environment=ENVIRONMENT, runner=Talkative()
    )
    assert patient.plan is not None
    write_down(patient.plan, Answers(), patient.places)
    (patient.plan.output_dir / "kong.env").write_text(f"export X='{CANARY}'\n")
    patient.places.logs.mkdir(parents=True)
    (patient.places.logs / "model.log").write_text(f"started with a-plain-canary-word {CANARY}\n")
    return patient


def read(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_everything_is_in_it_but_keys(tmp_path: Path) -> None:
    path = bundle.write(leaky(tmp_path), [LEAK], NOW)
    assert path.name == "doctor-20261122T093000Z.zip" and stat.S_IMODE(path.stat().st_mode) == 0o600
    files = read(path)
    assert set(files) == {
        "README.txt", "findings.json", "environment.txt", "deployment.json", "answers.yaml", "kong.yml", "kong.env",
        "gateway.log", "model.log",
    }  # fmt: skip
    for name, text in files.items():
        for word in ("canary", "hunter2", "abcdef"):
            assert word not in text, f"{word} in {name}"
    assert json.loads(files["findings.json"])[0]["code"] == "x"
    assert "{vault://env/" in files["kong.yml"] and "@proxy:3128" in files["environment.txt"]
    assert "OPENAI_API_KEY" in files["environment.txt"] and "SOMETHING" in files["environment.txt"]


def test_where_nothing_was_set_up_and_where_the_engine_is_gone(tmp_path: Path) -> None:
    assert set(read(bundle.write(nobody(tmp_path), [], NOW))) == {"README.txt", "findings.json", "environment.txt"}
    assert "gateway.log" not in read(bundle.write(a_patient(tmp_path, runner=Silent()), [], NOW))
