"""The file with the keys: the person's alone, and complete. Looked at only; setup is what puts its mode right.

Not for: whether a key works (hosted.py).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient

CHECK = "keys file"


def check(patient: Patient) -> Iterator[Finding]:
    path = patient.places.secrets
    wanted = [route.secret for route in patient.plan.routes if route.secret] if patient.plan is not None else []
    try:
        status = path.lstat()
    except OSError:
        if wanted:
            yield found(CHECK, "bad", "secrets_missing", names=", ".join(dict.fromkeys(wanted)))
        elif patient.plan is not None:
            yield found(CHECK, "ok", "secrets_none")
        return
    if stat.S_ISLNK(status.st_mode):
        yield found(CHECK, "bad", "secrets_link", path=path)
        return
    if status.st_uid != os.geteuid():
        yield found(CHECK, "bad", "secrets_foreign", path=path)
        return
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        yield found(CHECK, "bad", "secrets_open", path=path, mode=f"{mode:04o}")
    missing = [name for name in dict.fromkeys(wanted) if not patient.secrets.get(name)]
    if missing:
        yield found(CHECK, "bad", "secrets_missing", names=", ".join(missing))
    if not (mode & 0o077 or missing):
        yield found(CHECK, "ok", "secrets_ok")
