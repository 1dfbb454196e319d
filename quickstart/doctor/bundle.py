"""The archive that goes with a report: what doctor found, versions, the configuration and the last log lines, with
everything that is or looks like a key taken out. Readable by its owner only.

Not for: crashes (crash.py). What is in it: README.txt of the archive.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from quickstart import crash, earlier_keys
from quickstart.doctor.finding import Finding
from quickstart.doctor.patient import Patient
from quickstart.errors import QuickstartError
from quickstart.files import EXPORTS_NAME, SETTINGS_NAME, private_directory, write_atomically

LOG_LINES = 500
MOST_BYTES = 2 << 20
_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "LANG",
              "LC_ALL", "TERM", "SSL_CERT_FILE", "DOCKER_HOST", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR")  # fmt: skip
_README = """What is in this archive, all of it with keys removed:
findings.json   what `ai-gateway doctor` found
environment.txt the variables that matter here, passwords in URLs removed; other variables by name only
kong.yml kong.env deployment.json answers.yaml   as they are on the disk; keys are references there
gateway.log model.log   the last lines
Look through it before you send it: prompts are not in the log unless you switched that on.
"""


def write(patient: Patient, findings: Sequence[Finding], now: datetime) -> Path:
    """Makes the archive below the state directory, mode 0600. Raises EnvironmentProblem."""
    path = patient.places.state / f"doctor-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"
    private_directory(patient.places.state)
    write_atomically(path, archive(patient, findings), 0o600)
    return path


def archive(patient: Patient, findings: Sequence[Finding]) -> bytes:
    """The archive's bytes; no part of it holds a key."""
    made = io.BytesIO()
    earlier = earlier_keys.read(patient.places.secrets).values
    secrets = [value for value in (*patient.secrets.values(), *earlier.values()) if value]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts(patient, findings):
            file.writestr(name, clean(text[-MOST_BYTES:], patient, secrets))
    return made.getvalue()


def clean(text: str, patient: Patient, secrets: Iterable[str]) -> str:
    """Without keys, and without passwords in URLs such as a proxy's."""
    return crash.redact(crash.without_passwords(text), patient.environment, secrets)


def parts(patient: Patient, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """(name, text) of each file, not yet clean."""
    yield "README.txt", _README
    yield "findings.json", json.dumps([finding.as_document() for finding in findings], indent=1, ensure_ascii=False)
    yield "environment.txt", _environment(patient)
    places, plan = patient.places, patient.plan
    files = [places.deployment, places.answers]
    if plan is not None:
        files += [plan.output_dir / SETTINGS_NAME, plan.output_dir / EXPORTS_NAME]
    for path in files:
        if (text := _text(path)) is not None:
            yield path.name, text
    for name in ("gateway", "model"):
        lines = _log(patient, name)
        if lines:
            yield f"{name}.log", "\n".join(lines) + "\n"


def _environment(patient: Patient) -> str:
    environment = patient.environment
    shown = [f"{name}={environment[name]}" for name in _VARIABLES if name in environment]
    others = sorted(name for name in environment if name not in _VARIABLES)
    return "\n".join([*shown, "", "other variables that are set:", *others, ""])


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _log(patient: Patient, name: str) -> list[str]:
    try:
        if name == "gateway" and patient.runner is not None:
            return list(islice(patient.runner.logs(LOG_LINES), LOG_LINES))
    except QuickstartError:
        return []  # its engine does not answer
    text = _text(patient.places.logs / f"{name}.log")
    return text.splitlines()[-LOG_LINES:] if text else []
