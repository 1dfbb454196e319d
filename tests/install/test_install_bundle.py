"""`make bundle` for real: what it makes installs the whole program in a home without a network."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.house import ROOT
from support.tiny_project import PYTHON, sha256
from support.user import KEPT_PREFIXES, User

pytestmark = pytest.mark.timeout(300)
NOWHERE = "http://127.0.0.1:9/simple"


def make(folder: Path) -> Path:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gateway_image'}"}
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "bundle.py", folder, PYTHON], env=environment, capture_output=True, text=True
    )
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip(f"no bundle can be made here: {done.stderr.strip().splitlines()[-1:]}")
    assert done.returncode == 0, done.stderr
    digest, path = done.stdout.split()
    assert sha256(Path(path)) == digest
    return Path(path)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("bundle"))


def test_it_holds_the_program_its_wheels_and_their_sums(bundle: Path) -> None:
    with tarfile.open(bundle) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        assert all(entry.mtime == 0 and not entry.uname for entry in archive)
    assert {"install.sh", "SHA256SUMS", "bundle"} <= names
    assert [name for name in names if name.startswith("ai_gateway_quickstart-") and name.endswith(".whl")]
    assert [name for name in names if name.startswith("wheels/uvloop-")]


def test_every_release_of_a_python_finds_what_it_needs() -> None:
    """The list's markers are about the Python that installs, not the one that makes the bundle."""
    lines = (
        "new==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "old==2 ; python_full_version < '3.11.3' \\\n    --hash=sha256:cc\n"
        "other==3 ; sys_platform == 'win32' \\\n    --hash=sha256:dd\n"
    )
    spec = importlib.util.spec_from_file_location("bundle", ROOT / ".ci" / "bundle.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert [line.split()[0] for line in made.due(lines, "3.11").splitlines()] == ["new==1", "old==2"]
    assert made.due(lines, "3.12").split() == ["new==1", "--hash=sha256:aa", "--hash=sha256:bb"]


def test_the_whole_program_is_installed_without_a_network(bundle: Path, tmp_path: Path) -> None:
    user = User(tmp_path / "a home", extra={"PIP_INDEX_URL": NOWHERE, "AI_GATEWAY_PYTHON": sys.executable})
    kept = {name: value for name, value in user.environment().items() if not name.startswith(KEPT_PREFIXES)}
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else []
    if unshare and subprocess.run([*unshare, "true"], capture_output=True).returncode:
        unshare = []  # then an index that nobody listens at has to do
    script = tmp_path / "unpacked"
    with tarfile.open(bundle) as archive:
        archive.extractall(script)
    (folder,) = script.iterdir()
    command = [*unshare, "sh", str(folder / "install.sh"), "--yes", "--dry-run", "--builtin-model"]
    empty = {
        "PIP_NO_COMPILE": "1",
        "PIP_CACHE_DIR": str(tmp_path / "pip"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "PIP_INDEX_URL": NOWHERE,
    }
    done = subprocess.run(
        command, env={**kept, **empty}, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "setup: local planned" in done.stdout
    assert user.gateway("--version").stdout.startswith("ai-gateway ")
    user.leave()
