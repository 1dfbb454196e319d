"""Whether this session has a browser to open an address in, and opening it. Not for: which address."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Mapping

_OPENERS = {"Darwin": ("open",), "Linux": ("xdg-open", "wslview")}


def is_remote(environ: Mapping[str, str]) -> bool:
    """Whether a person sits at another machine than this one."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def opener(environ: Mapping[str, str], system: str = "") -> str | None:
    """The program that opens an address here, None where nobody would see it."""
    system = system or platform.system()
    if is_remote(environ):
        return None
    names = _OPENERS.get(system, ())
    if system == "Linux" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        names = ("wslview",) if environ.get("WSL_DISTRO_NAME") else ()
    return next((found for name in names if (found := shutil.which(name, path=environ.get("PATH")))), None)


def opened(program: str, url: str, seconds: float = 10) -> bool:
    """Hands `url` to the opener; False when it did not take it. Never waits for the browser itself to end."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        started = subprocess.Popen([program, url], start_new_session=True, **quiet)  # type: ignore[call-overload]
        return bool(started.wait(seconds) == 0)
    except subprocess.TimeoutExpired:
        return True  # it became the browser
    except OSError:
        return False
