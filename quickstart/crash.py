"""The report of a bug: a traceback without keys, in a file only its owner can read. Not for: errors with a remedy."""

from __future__ import annotations

import platform
import re
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from gateway.providers import providers
from quickstart import __version__

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PAT|CREDENTIALS?|AUTH_HEADER)$", re.IGNORECASE)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+\S+")
_LONG = re.compile(r"\b[A-Za-z0-9_-]{40,}\b")
"""Long opaque words are keys more often than anything worth reading in a report."""
_IN_URL = re.compile(r"(?<=://)[^/\s@'\"]+(?=@)")
REMOVED = "(removed)"


def redact(text: str, environment: Mapping[str, str], secrets: Iterable[str] = ()) -> str:
    """`text` without anything that is, or looks like, a key."""
    values = {value for name, value in environment.items() if _SECRET_NAME.search(name)}
    values |= {part for value in secrets for part in (value, value.rsplit(" ", 1)[-1])}
    for value in sorted((value for value in values if len(value) >= 6), key=len, reverse=True):
        text = text.replace(value, REMOVED)
    prefixes = {prefix for provider in providers().values() for prefix in provider.key_prefixes}
    prefixes |= {"kpat_", "spat_"}
    for prefix in sorted(prefixes, key=len, reverse=True):
        text = re.sub(re.escape(prefix) + r"[A-Za-z0-9_\-]{6,}", REMOVED, text)
    text = _BEARER.sub(lambda match: f"{match[1]} {REMOVED}", text)
    return _LONG.sub(REMOVED, text)


def without_passwords(text: str) -> str:
    """`text` with the user and password of every URL taken out."""
    return _IN_URL.sub(REMOVED, text)


def report(
    error: BaseException,
    arguments: Iterable[str],
    environment: Mapping[str, str],
    secrets: Iterable[str],
    now: datetime,
) -> str:
    """Version, platform, the names of the options given (never their values) and the traceback."""
    options = " ".join(argument.partition("=")[0] for argument in arguments if argument.startswith("-"))
    lines = [
        f"ai-gateway {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"{now.astimezone(UTC).isoformat(timespec='seconds')}  options: {options or 'none'}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    return redact("\n".join(lines), environment, secrets)


def write(folder: Path, text: str, now: datetime) -> Path:
    """Puts the report into `folder` with mode 0600. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"crash-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.txt"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8", errors="replace")
    return path
