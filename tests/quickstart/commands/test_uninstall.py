"""`ai-gateway uninstall` as it is typed: it lists first, keeps what it should, and removes even itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.house import ROOT
from support.shell import Shell, shell_in


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


def test_uninstall_lists_first_and_a_dry_run_stops_there(shell: Shell) -> None:
    before = shell.files()
    done = shell.type("uninstall", "--purge", "--dry-run")
    assert done.returncode == 0
    assert str(shell.plan.output_dir / "kong.yml") in done.stdout and f"{shell.places.config}/" in done.stdout
    assert json.loads(shell.type("uninstall", "--dry-run", "--json").stdout)["removed"] == []
    assert shell.files() == before and shell.ask().status == 200


def test_uninstall_without_a_terminal_or_yes_does_nothing(shell: Shell) -> None:
    before = shell.files()
    done = shell.type("uninstall")
    assert done.returncode == 3
    assert shell.files() == before and shell.ask().status == 200


def test_uninstall_keeps_keys_and_purge_keeps_nothing(shell: Shell) -> None:
    done = shell.type("uninstall", "--yes")
    assert done.returncode == 0 and "Removed." in done.stdout
    assert shell.places.secrets.exists() and not shell.places.state.exists()
    assert not shell.runner.status().running
    assert shell.type("uninstall", "--purge", "--yes", "--json").returncode == 0
    assert not [path for path in shell.folder.rglob("*") if path.is_file()]
    done = shell.type("uninstall", "--purge", "--yes")
    assert done.returncode == 0 and "Nothing of ours is here." in done.stdout


def test_a_purge_removes_the_very_program_it_is_run_from(shell: Shell) -> None:
    venv.create(shell.places.data / "venv-1", with_pip=False)
    shell.places.venv.symlink_to("venv-1")
    packages = next((shell.places.data / "venv-1" / "lib").glob("*/site-packages"))
    (packages / "here.pth").write_text(sysconfig.get_path("purelib"))
    for folder in ("quickstart", "gateway_image/gateway"):  # copies, so that what is imported late is gone too
        shutil.copytree(ROOT / folder, packages / Path(folder).name)
    done = subprocess.run(
        [shell.places.venv / "bin" / "python", "-P", "-m", "quickstart.cli", "uninstall", "--purge", "--yes"],
        env=shell.environment() | {"PYTHONPATH": ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Removed.\n")
    assert not [path for path in shell.folder.rglob("*") if path.is_file() or path.is_symlink()]
