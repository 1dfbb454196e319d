"""The OpenMP library comes from the system, else out of Debian's package, else a person is told what to type."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quickstart import openmp
from quickstart.model_server import OPENMP, own_openmp
from quickstart.wheel_installer import InstallFailed

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux builds of the model want the library")


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    (tmp_path / "venv" / "lib").mkdir(parents=True)
    return tmp_path / "venv"


def test_nothing_is_fetched_where_the_system_has_it(venv: Path) -> None:
    openmp.provide(venv, {"PATH": ""}, found=lambda: True)
    assert not own_openmp(venv).exists()


@LINUX
def test_the_system_is_asked_by_the_loader_itself() -> None:
    def loads() -> bool:
        asked = [sys.executable, "-c", f"import ctypes; ctypes.CDLL({OPENMP!r})"]
        return subprocess.run(asked, capture_output=True).returncode == 0

    assert openmp.on_this_system() is loads()


def test_where_it_cannot_be_had_a_person_is_told_what_to_type(venv: Path) -> None:
    with pytest.raises(InstallFailed, match="sudo apt install libgomp1"):
        openmp.provide(venv, {"PATH": ""}, found=lambda: False)


def tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_it_is_taken_out_of_the_package(venv: Path, tmp_path: Path) -> None:
    """With an apt-get and a dpkg-deb of our own: which package is asked for, and which file is taken out of it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    tool(tools, "apt-get", 'echo "$@" > asked; : > libgomp1.deb; cp asked "$0.asked"')
    tool(
        tools,
        "dpkg-deb",
        f'mkdir -p "$3/usr/lib/x"; echo library > "$3/usr/lib/x/real"; ln -s real "$3/usr/lib/x/{OPENMP}"',
    )
    openmp.provide(venv, {"PATH": f"{tools}:{os.environ['PATH']}"}, found=lambda: False)
    assert (tools / "apt-get.asked").read_text() == "download -q libgomp1\n"
    assert own_openmp(venv).read_text() == "library\n"
    assert not own_openmp(venv).is_symlink()


def test_a_package_without_it_is_told(venv: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    tool(tools, "apt-get", ": > libgomp1.deb")
    tool(tools, "dpkg-deb", 'mkdir -p "$3"')
    with pytest.raises(InstallFailed, match=OPENMP):
        openmp.provide(venv, {"PATH": f"{tools}:{os.environ['PATH']}"}, found=lambda: False)


@LINUX
def test_what_is_loaded_by_path_serves_those_who_ask_by_name(tmp_path: Path) -> None:
    """What model_server.py relies on: a library that was loaded from a path is found again by its own name."""
    if not openmp.on_this_system():
        pytest.skip(f"{OPENMP} is not on this machine to be copied")
    ctypes.CDLL(OPENMP)
    maps = Path("/proc/self/maps").read_text().splitlines()
    real = next(line.split()[-1] for line in maps if "libgomp" in line)
    copy = tmp_path / OPENMP
    copy.write_bytes(Path(real).read_bytes())
    code = (
        f"import ctypes; ctypes.CDLL({str(copy)!r}, mode=ctypes.RTLD_GLOBAL); ctypes.CDLL({OPENMP!r}); "
        f"print(sum('libgomp' in line and 'r-x' in line for line in open('/proc/self/maps')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "1", done.stderr
