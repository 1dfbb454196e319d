"""kong.yml: there, accepted by the gateway's own models, and what really runs. Two copies are looked at: the person's,
in the output directory, and the one the gateway starts with. Not for: putting any of it right (setup).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from gateway.entities import ConfigError
from gateway.entities import load as load_configuration
from quickstart import admin_client
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.errors import QuickstartError
from quickstart.files import SETTINGS_NAME
from quickstart.plan import Plan
from quickstart.reconcile import rows
from quickstart.reconcile.alignment import aligned
from quickstart.reconcile.difference import differences

CHECK = "kong.yml"
_TOLD = 3


def fetch(plan: Plan) -> str:
    """The configuration that runs. Raises QuickstartError."""
    return admin_client.fetch(plan).text


def check(patient: Patient, fetch: Callable[[Plan], str] = fetch) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None:
        return
    shown, used = plan.output_dir / SETTINGS_NAME, patient.places.configuration
    broken = False
    for path in (shown, used):
        for problem in _problems(path):
            broken = True
            yield problem
    if broken:
        return
    text, given = shown.read_text(), used.read_text()
    if text != given and _differ(text, given):
        yield found(CHECK, "warn", "config_edited", path=shown)
        return
    if not patient.ready or plan.konnect is not None:  # what Konnect has is looked at in konnect.py
        yield found(CHECK, "ok", "config_valid", path=shown)
        return
    try:
        what = _differ(given, fetch(plan))
    except QuickstartError as error:
        yield Finding(CHECK, "warn", "gateway_not_ready", error.message, error.hint)
        return
    if what:
        more = f", +{len(what) - _TOLD}" if len(what) > _TOLD else ""
        yield found(CHECK, "note", "config_changed", path=shown, what="; ".join(what[:_TOLD]) + more)
    else:
        yield found(CHECK, "ok", "config_ok", path=shown)


def _problems(path: Path) -> Iterator[Finding]:
    try:
        load_configuration(path.read_text(encoding="utf-8"), deck=True)
    except FileNotFoundError:
        yield found(CHECK, "bad", "config_missing", path=path)
    except (ConfigError, yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        yield found(CHECK, "bad", "config_broken", path=path, reason=" ".join(str(error).split())[:300])


def _differ(old: str, new: str) -> list[str]:
    """What is different, in words; ids that somebody gave anew do not count. Raises QuickstartError."""
    before, after = rows.read(old, "kong.yml"), rows.read(new, "the running configuration")
    return [one.text for one in differences(aligned(before, after), after)]
