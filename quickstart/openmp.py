"""The OpenMP library that the built-in model's wheel was linked to and does not carry. Most Linux machines have it; a
bare Debian has not. There it comes out of Debian's own package, which takes no root.

Not for: installing wheels (wheel_installer.py), the model (local_model.py).
"""

from __future__ import annotations

import ctypes
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from quickstart.model_server import OPENMP, own_openmp
from quickstart.wheel_installer import InstallFailed, unpack_debian_package

_ASKED = f"llama.cpp needs the library {OPENMP}. Type: sudo apt install libgomp1   (Fedora: sudo dnf install libgomp)"


def on_this_system() -> bool:
    """Whether the loader finds the library by its name. Only Linux builds want it."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL(OPENMP)
    except OSError:
        return False
    return True


def provide(venv: Path, environment: Mapping[str, str], found: Callable[[], bool] = on_this_system) -> None:
    """Puts a copy into `venv` where the system has none; model_server.py loads it from there. Raises InstallFailed."""
    if found():
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpacked = unpack_debian_package("libgomp1", Path(folder), environment)
        except InstallFailed as error:
            raise InstallFailed(f"{error}\n{_ASKED}") from error
        for path in sorted(unpacked.rglob(OPENMP)):
            shutil.copyfile(path.resolve(), own_openmp(venv))
            return
    raise InstallFailed(_ASKED)
