"""The built-in model's server as a script of its own: it needs nothing of ours and says what is wrong."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from quickstart import model_server


def test_without_its_packages_it_says_so(tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=False)
    done = subprocess.run(
        [tmp_path / "empty" / "bin" / "python", "-I", model_server.__file__, "--port", "1"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and "xllamacpp" in done.stderr


def test_a_port_is_needed() -> None:
    done = subprocess.run([sys.executable, "-I", model_server.__file__], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--port" in done.stderr


def test_a_missing_model_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_server.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="model file is not installed"):
        model_server.model_file()
