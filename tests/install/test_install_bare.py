"""Debian's python3 alone, without python3-venv, pip or the OpenMP library: what is not there is hidden in a mount
namespace of the test's own, and the packages' files are fetched by the real apt-get.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import ask
from support.user import User

PYTHON = "/usr/bin/python3"
WHEELS = Path("/usr/share/python-wheels")
PIP = Path("/usr/lib/python3/dist-packages/pip")
pytestmark = pytest.mark.timeout(300)


def missing() -> str:
    if os.geteuid() != 0:
        return "only root can hide files in a namespace of its own"
    if not all(shutil.which(tool) for tool in ("unshare", "apt-get", "dpkg-deb", PYTHON)):
        return "this is not Debian"
    if subprocess.run([PYTHON, "-P", "-c", "import sys, venv"], capture_output=True).returncode != 0:
        return "Debian's own Python is older than 3.11"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "mount namespaces are not allowed here"
    return ""


@pytest.fixture(autouse=True)
def possible() -> None:
    if reason := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    person = User(tmp_path / "home", extra={"AI_GATEWAY_PYTHON": PYTHON, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
    yield person
    person.leave()


def ensurepip() -> Path:
    asked = [PYTHON, "-c", "import os; print(os.path.dirname(os.__file__))"]
    return Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()) / "ensurepip"


def install_without(hidden: list[Path], user: User, *words: str) -> subprocess.CompletedProcess[str]:
    """install.sh where these folders are empty and these files are not what they should be."""
    mounts = [
        f"mount -t tmpfs tmpfs {path}" if path.is_dir() else f"mount --bind /dev/null {path}"
        for path in hidden
        if path.exists()
    ]
    script = " && ".join([*mounts, f"exec sh {user.checkout}/install.sh " + " ".join(words)])
    return user.run("unshare", "--mount", "sh", "-c", script)


def openmp() -> list[Path]:
    return sorted(Path("/usr/lib").glob("*-linux-gnu/libgomp.so.1*"))


@pytest.mark.model
def test_with_nothing_but_python(user: User) -> None:
    done = install_without([ensurepip(), WHEELS, PIP, *openmp()], user, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list((user.data / "venv" / "lib").glob("python*/site-packages/pip"))
    question = {"messages": [{"role": "user", "content": "What is the capital of France?"}], "max_tokens": 16}
    got = ask(user.ports["PROXY"], "POST", "/local/chat", question, seconds=120)
    assert got.json["choices"][0]["message"]["content"].strip()
    assert got.json["usage"]["total_tokens"] > 0


def test_with_the_systems_pip(user: User) -> None:
    if not PIP.exists():
        pytest.skip("Debian's pip is not installed here")
    done = install_without([ensurepip(), WHEELS], user, "--yes", "--dry-run", "--builtin-model")
    assert done.returncode == 0, done.stdout + done.stderr
    assert user.gateway("--version").returncode == 0


def test_with_the_systems_wheels(user: User) -> None:
    if not list(WHEELS.glob("pip-*.whl")):
        pytest.skip("Debian's wheels are not installed here")
    done = install_without([ensurepip(), PIP], user, "--yes", "--dry-run", "--builtin-model")
    assert done.returncode == 0, done.stdout + done.stderr
    assert user.gateway("--version").returncode == 0


def test_without_python_pip_and_apt_it_says_what_to_type(user: User) -> None:
    done = install_without([ensurepip(), WHEELS, PIP, Path("/usr/bin/apt-get")], user, "--yes")
    assert done.returncode == 3
    assert "sudo apt install python3-venv" in done.stderr
    assert not user.launcher.exists()
