"""Makes a virtual environment and installs pinned wheels into it, with what this machine has: uv, pip, or the pip wheel
that comes with Python or the distribution. Not for: which packages (local_model.py), the program itself (install.sh).
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

SECONDS = 900.0
_SYSTEM_WHEELS = Path("/usr/share/python-wheels")
_MISLEADING = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")


class InstallFailed(Exception):
    """`str()` is what the tool said, whole."""


def install(
    venv: Path,
    requirements: Path,
    environ: Mapping[str, str],
    progress: Callable[[str], None],
    wheels: Path | None = None,
) -> None:
    """Makes `venv` and installs the list into it: wheels only, each checked by its hash, no dependencies beyond the
    list. A mirror or a cache that the person configured counts. `wheels`: a folder that a bundle left, which is used
    instead of any network. Raises InstallFailed."""
    environment = {name: value for name, value in environ.items() if name not in _MISLEADING}
    environment |= {"PIP_USER": "0", "PIP_NO_INPUT": "1", "UV_PYTHON_DOWNLOADS": "never"}
    environment |= agreed(environment)
    pinned = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)]
    if wheels is not None and wheels.is_dir():
        pinned += ["--no-index", "--find-links", str(wheels)]
    python = str(venv / "bin" / "python")
    progress("making its environment")
    uv = find_uv(environ)
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], environment)
        progress("downloading and installing")
        _run([uv, "pip", "install", "--quiet", "--python", python, *pinned], environment)
        return
    _run([sys.executable, "-P", "-m", "venv", "--without-pip", str(venv)], environment)
    install_words = ["install", "--quiet", "--disable-pip-version-check", *pinned]
    if has_pip(environment):
        progress("downloading and installing")
        _run([sys.executable, "-P", "-m", "pip", "--python", python, *install_words], environment)
        return
    with tempfile.TemporaryDirectory() as scratch:
        wheel = find_pip_wheel() or download_pip_wheel(Path(scratch), environment)
        progress("downloading and installing")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(Path(scratch) / "pip")
        environment["PYTHONPATH"] = str(Path(scratch) / "pip")
        _run([python, "-P", "-m", "pip", *install_words], environment)


def agreed(environment: Mapping[str, str]) -> dict[str, str]:
    """A mirror or a certificate authority that is named for pip counts for uv too, and the other way round, as in
    install.sh."""
    first = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
    certificates = next((value for name in first if (value := environment.get(name))), "")
    wanted = {
        "SSL_CERT_FILE": certificates,
        "PIP_CERT": environment.get("PIP_CERT") or certificates,
        "UV_DEFAULT_INDEX": environment.get("UV_DEFAULT_INDEX") or environment.get("PIP_INDEX_URL", ""),
        "UV_FIND_LINKS": environment.get("UV_FIND_LINKS") or environment.get("PIP_FIND_LINKS", ""),
    }
    return {name: value for name, value in wanted.items() if value}


def find_uv(environ: Mapping[str, str]) -> str:
    """The uv beside our interpreter or on PATH, "" when there is none."""
    beside = Path(sysconfig.get_path("scripts")) / "uv"
    return str(beside) if beside.exists() else shutil.which("uv", path=environ.get("PATH")) or ""


def has_pip(environment: Mapping[str, str]) -> bool:
    """Whether our interpreter has a pip that can install for another one (22.3 or newer)."""
    asked = [sys.executable, "-P", "-m", "pip", "--python", sys.executable, "--version"]
    return subprocess.run(asked, capture_output=True, env=dict(environment), stdin=subprocess.DEVNULL).returncode == 0


def find_pip_wheel(system: Path = _SYSTEM_WHEELS) -> Path | None:
    """The wheel that Python brings for ensurepip; Debian keeps it elsewhere, in a package of its own."""
    spec = importlib.util.find_spec("ensurepip")
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    for place in (*places, system):
        for wheel in sorted(place.rglob("pip-*.whl")):
            return wheel
    return None


def download_pip_wheel(scratch: Path, environment: Mapping[str, str]) -> Path:
    """Debian without python3-venv: the wheel out of its package, which takes no root. Raises InstallFailed."""
    asked = "Type: sudo apt install python3-venv   or put uv on PATH."
    try:
        wheel = find_pip_wheel(unpack_debian_package("python3-pip-whl", scratch, environment))
    except InstallFailed as error:
        raise InstallFailed(f"This Python has neither pip nor ensurepip. {asked}\n{error}") from error
    if wheel is None:
        raise InstallFailed(f"This Python has neither pip nor ensurepip. {asked}")
    return wheel


def unpack_debian_package(name: str, scratch: Path, environment: Mapping[str, str]) -> Path:
    """The files of a package of this Debian or Ubuntu, in a folder under `scratch`. apt checks its signature;
    nothing is installed. Raises InstallFailed."""
    if not shutil.which("apt-get", path=environment.get("PATH")):
        raise InstallFailed("apt-get is not on this machine.")
    _run(["apt-get", "download", "-q", name], environment, scratch)
    for package in scratch.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(package), str(scratch / "debian")], environment, scratch)
    return scratch / "debian"


def _run(command: list[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallFailed(str(error)) from error
    if done.returncode != 0:
        raise InstallFailed((done.stdout + done.stderr).decode("utf-8", "replace").strip())
