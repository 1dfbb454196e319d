"""install.sh stopped at each of its steps by each signal, killed outright, and started twice at once."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from support.gateway_process import eventually
from support.house import ROOT
from support.install_steps import CALLS, FakeUv

SCRIPT = ROOT / "install.sh"
SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
SHELLS = ["dash", "bash --posix"]
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def uv(tmp_path: Path) -> FakeUv:
    return FakeUv(tmp_path / "tools")


def data(home: Path) -> Path:
    return home / ".local" / "share" / "ai-gateway"


def begin(uv: FakeUv, home: Path, halt_at: int = 0, shell: str = "dash") -> subprocess.Popen[bytes]:
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [*shell.split(), str(SCRIPT), "--yes", "--dry-run"], env=uv.environment(home, halt_at), cwd=home,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=60)
    return process.returncode, said.decode()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_the_steps_that_are_stopped_at_are_all_of_them(uv: FakeUv, tmp_path: Path) -> None:
    code, said = ended(begin(uv, tmp_path / "home"))
    assert code == 0, said
    assert len(uv.calls()) == CALLS
    assert "ai-gateway 9.9.9 setup --yes --dry-run" in said
    receipt = (data(tmp_path / "home") / "venv" / "receipt").read_text().splitlines()
    assert {"tool=uv", "version=ai-gateway 9.9.9 --version", f"source={uv.source}"} <= set(receipt)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("step", range(1, CALLS + 1))
def test_stopped_anywhere_it_leaves_nothing(
    step: int, number: int, code: int, shell: str, uv: FakeUv, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    process = begin(uv, home, step, shell)
    eventually(uv.halted.exists, f"step {step}")
    process.send_signal(number)
    assert ended(process)[0] == code
    child = int(uv.halted.read_text())
    eventually(lambda: not is_alive(child), "the tool to end with it")
    assert [path.name for path in data(home).iterdir()] == ["install.log"]
    assert not [path for path in uv.folder.iterdir() if path.name.startswith("tmp.")], "temporary files stay"
    assert not (home / ".local" / "bin" / "ai-gateway").is_symlink()


def test_what_a_kill_left_is_cleared_by_the_next_run(uv: FakeUv, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = begin(uv, home, 3)
    eventually(uv.halted.exists, "the third step")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert os.path.lexists(data(home) / "install.lock")
    (broken,) = data(home).glob("venv-*")
    code, said = ended(begin(uv, home))
    assert code == 0, said
    assert not broken.exists() and not os.path.lexists(data(home) / "install.lock")
    assert (data(home) / "venv" / "bin" / "ai-gateway").exists()


def test_of_two_at_once_the_second_is_refused_and_the_first_goes_on(uv: FakeUv, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = begin(uv, home, 2)
    eventually(uv.halted.exists, "the second step")
    code, said = ended(begin(uv, home))
    assert (code, f"process {first.pid}" in said) == (3, True), said
    assert len(uv.calls()) == 2, "the second did nothing"
    os.kill(int(uv.halted.read_text()), signal.SIGTERM)  # its step fails now
    code, said = ended(first)
    assert code == 3 and "Nothing was changed" in said
    assert not os.path.lexists(data(home) / "install.lock")
