"""Where the files that come with the program are: templates, the gateway's build context, requirement lists.

In an installed wheel they lie in quickstart/resources/, in a checkout at the top of the tree. Not for: the user's own
files (files.py).
"""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path

from quickstart.errors import QuickstartError

_PACKAGE = Path(__file__).resolve().parent


def find(name: str) -> Path:
    """The path of a file or folder such as "templates", "requirements-model.txt" or "gateway_image/Dockerfile".

    Raises QuickstartError when the installation is incomplete.
    """
    for folder in (_PACKAGE / "resources", _PACKAGE.parent):
        path = folder / name
        if path.exists():
            return path
    raise QuickstartError(
        f"A part of the installation is missing: {name}.", "Install again; a partial copy of the program cannot run."
    )


def gateway_package() -> Path:
    """The folder of the installed `gateway` package, which is also what goes into the container image."""
    spec = importlib.util.find_spec("gateway")
    if spec is None or not spec.submodule_search_locations:
        raise QuickstartError("The gateway itself is not installed beside the quickstart.", "Install again.")
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def import_path() -> str:
    """PYTHONPATH for our own child processes: what they need beyond their interpreter's own packages.

    Empty in an ordinary installation. In a checkout both packages lie outside site-packages. site-packages itself is
    never named: it would then come before the standard library.
    """
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    folders: list[str] = []
    for folder in (_PACKAGE.parent, gateway_package().parent):
        if folder not in installed and str(folder) not in folders:
            folders.append(str(folder))
    return ":".join(folders)
