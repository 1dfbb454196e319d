"""What was set up and answered last: there, and readable. Not for: whether it runs (running.py)."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.documents import from_document
from quickstart.errors import QuickstartError

CHECK = "setup"


def check(patient: Patient) -> Iterator[Finding]:
    plan = patient.plan
    if patient.damaged:
        yield found(CHECK, "bad", "record_damaged", path=patient.places.deployment)
    elif plan is None:
        yield found(CHECK, "warn", "not_set_up")
    else:
        yield found(CHECK, "ok", "set_up", count=len(plan.routes), runtime=plan.runtime)
    if reason := unreadable_answers(patient):
        yield found(CHECK, "bad", "answers_damaged", reason=reason, path=patient.places.answers)


def unreadable_answers(patient: Patient) -> str:
    """Why the saved answers cannot be used, "" when they can or there are none."""
    path = patient.places.answers
    try:
        from_document(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
    except FileNotFoundError:
        return ""
    except QuickstartError as error:
        return error.message
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return f"not YAML (line {mark.line + 1})" if mark else "not YAML"
    except (OSError, UnicodeDecodeError) as error:
        return getattr(error, "strerror", None) or "not text"
    return ""
