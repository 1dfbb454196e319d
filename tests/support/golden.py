"""Compares text with a golden file beside the test. `GOLDEN=write pytest ...` writes them; a person reads the diff."""

from __future__ import annotations

import os
from pathlib import Path


def check_golden(path: Path, text: str) -> None:
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: GOLDEN=write makes it"
    assert text == path.read_text(encoding="utf-8")
