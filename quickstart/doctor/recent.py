"""The last requests that an upstream answered with an error, or not at all, as the gateway remembers them.

Not for: the log (commands/logs.py), proving routes now (commands/check.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.local_http import NoAnswer, request
from quickstart.plan import Plan

CHECK = "recent errors"
MOST = 5
Row = Mapping[str, Any]


def requests(plan: Plan) -> Sequence[Row]:
    """The last requests, newest first; empty where the Manager does not tell."""
    try:
        answer = request(plan.bind, plan.ports["manager"], "POST", "/manager/requests", b"{}")
        told = json.loads(answer.body)
    except (NoAnswer, ValueError):
        return ()
    rows = told.get("requests") if isinstance(told, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else ()


def check(patient: Patient, requests: Callable[[Plan], Sequence[Row]] = requests) -> Iterator[Finding]:
    if patient.plan is None or not patient.ready:
        return
    rows = requests(patient.plan)
    wanted = patient.route.strip("/")
    failed = [row for row in rows if _failed(row) and (not wanted or wanted in str(row.get("target", "")).split("/"))]
    for row in failed[:MOST]:
        moment = datetime.fromtimestamp(float(row.get("ended", 0))).astimezone()
        error = str(row.get("error") or "") or f"upstream {row.get('upstream_status')}"
        target = str(row.get("target", "")).partition("?")[0]
        yield found(
            CHECK, "note", "recent_error", time=f"{moment:%H:%M:%S}", target=target,
            status=row.get("status", 0), error=error, id=row.get("id", ""),
        )  # fmt: skip
    if not failed:
        yield found(CHECK, "ok", "errors_none", count=len(rows))


def _failed(row: Row) -> bool:
    return bool(row.get("error")) or int(row.get("upstream_status") or 0) >= 400
