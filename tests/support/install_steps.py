"""A stand-in for uv that install.sh finds on PATH: it makes what uv would make, in no time and from nothing, notes
every call, and halts at the one it is told to, so that a signal can be sent exactly there.

Not for: what uv really does (tests/install/test_install_uv.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

CALLS = 4
"""What install.sh asks of it for a directory: an environment, the build back end, the wheel, its requirements."""
_SCRIPT = """#!/bin/sh
echo "$*" >>"{notes}"
number=$(wc -l <"{notes}")
case $1 in
    venv)
        for new in "$@"; do :; done
        mkdir -p "$new/bin"
        cp "{folder}/python" "{folder}/ai-gateway" "$new/bin"
        chmod +x "$new/bin/python" "$new/bin/ai-gateway" ;;
esac
if [ "$number" = "${{HALT_AT:-0}}" ]; then
    echo $$ >"{halted}.new" && mv "{halted}.new" "{halted}"
    exec tail -f /dev/null
fi
"""


_PYTHON = """#!/bin/sh
case "$*" in
    *hatchling*) for folder in "$@"; do :; done; mkdir -p "$folder" && : >"$folder/x.whl" ;;
    *) echo requirements.txt ;;
esac
"""


class FakeUv:
    """`folder` goes to the front of PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes, self.halted = folder / "notes", folder / "halted"
        self.source = folder / "source"
        self.source.mkdir(parents=True)
        (self.source / "requirements-build.txt").touch()
        scripts = {
            "uv": _SCRIPT.format(notes=self.notes, halted=self.halted, folder=folder), "python": _PYTHON,
            "ai-gateway": '#!/bin/sh\necho ai-gateway 9.9.9 "$@"\n',
        }  # fmt: skip
        for name, text in scripts.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    def calls(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def environment(self, home: Path, halt_at: int = 0) -> dict[str, str]:
        return {
            "HOME": str(home), "PATH": f"{self.folder}:/usr/bin:/bin", "AI_GATEWAY_PYTHON": sys.executable,
            "HALT_AT": str(halt_at), "TMPDIR": str(self.folder), "AI_GATEWAY_SOURCE": str(self.source),
        }  # fmt: skip
