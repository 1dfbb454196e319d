"""install.sh as text and as a program that is fed to shells: nothing here installs anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.house import ROOT

SCRIPT = ROOT / "install.sh"
TEXT = SCRIPT.read_bytes()
SHELLS = ["dash", "bash", "bash --posix"]
pytestmark = pytest.mark.timeout(120)


def environment(home: Path, **more: str) -> dict[str, str]:
    """A PATH with the system's tools and no Python: whatever runs cannot get far, and what it makes shows in `home`."""
    tools = home.parent / "tools"
    if not tools.exists():
        tools.mkdir()
        for folder in ("/usr/bin", "/bin"):
            for tool in os.listdir(folder):
                if not tool.startswith(("python", "uv")) and not (tools / tool).exists():
                    (tools / tool).symlink_to(f"{folder}/{tool}")
    return {"HOME": str(home), "PATH": str(tools), **more}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


def run(shell: str, home: Path, *words: str, script: bytes = TEXT, **more: str) -> subprocess.CompletedProcess[bytes]:
    command = [*shell.split(), *(["-s", "--", *words] if words else [])]
    return subprocess.run(
        command, input=script, env=environment(home, **more), capture_output=True, timeout=60, start_new_session=True
    )


def test_the_shape_that_makes_piping_safe() -> None:
    lines = TEXT.decode().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[-1] == 'main "$@"; exit $?; }'
    assert len(lines) <= 260
    assert os.access(SCRIPT, os.X_OK)


@pytest.mark.parametrize("shell", SHELLS)
def test_cut_off_anywhere_it_does_nothing(shell: str, home: Path) -> None:
    ends = {*range(0, len(TEXT), 97), *range(len(TEXT) - 120, len(TEXT) - 1)}
    for end in sorted(ends):
        done = run(shell, home, script=TEXT[:end], HOME=str(home))
        assert not list(home.iterdir()), f"the first {end} bytes had an effect"
        assert b"install:" not in done.stderr, f"the first {end} bytes ran"


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_python_it_says_what_to_type(shell: str, home: Path) -> None:
    done = run(shell, home, "--yes")
    assert done.returncode == 3
    assert b"Python 3.11 or newer" in done.stderr
    assert b"apt install python3" in done.stderr
    assert not list(home.iterdir())


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_needs_nothing_and_changes_nothing(shell: str, flag: str, home: Path) -> None:
    done = run(shell, home, flag)
    assert done.returncode == 0
    assert b"AI_GATEWAY_SOURCE" in done.stdout
    assert not list(home.iterdir())


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("tools", [False, True], ids=["stub", "developer tools"])
def test_the_python_of_a_mac_without_developer_tools_is_never_started(shell: str, tools: bool, home: Path) -> None:
    """/usr/bin/python3 opens a dialog there."""
    folder = home.parent / "mac" / "usr" / "bin"
    folder.mkdir(parents=True)
    answers = {
        "uname": "echo Darwin",
        "xcode-select": f"exit {0 if tools else 2}",
        "python3": f"touch '{home}/dialog'; exit 1",
    }
    for name, line in answers.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    done = run(shell, home, "--yes", PATH=f"{folder}:{environment(home)['PATH']}")
    assert done.returncode == 3
    assert b"brew install python" in done.stderr and b"apt install" not in done.stderr
    assert (home / "dialog").exists() == tools


def test_a_python_that_is_named_and_unfit_is_not_replaced_by_another(home: Path) -> None:
    done = run("dash", home, "--yes", AI_GATEWAY_PYTHON="/bin/false")
    assert done.returncode == 3
    assert b"AI_GATEWAY_PYTHON=/bin/false is not a Python 3.11 or newer" in done.stderr


def test_without_a_home(home: Path) -> None:
    done = run("dash", home, "--yes", HOME="")
    assert done.returncode == 3
    assert b"HOME is not set" in done.stderr
