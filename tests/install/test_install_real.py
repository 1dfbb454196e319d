"""install.sh for real, into fresh homes: from a wheel and an archive, again, upgraded, interrupted, failing, locked."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import eventually
from support.house import ROOT
from support.user import User

pytestmark = [pytest.mark.timeout(300)]
SCRIPT = ROOT / "install.sh"
LOOK = ("--yes", "--dry-run", "--builtin-model")  # setup shows what it would make and makes nothing


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return {"wheel": next(folder.glob("*.whl")), "archive": next(folder.glob("*.tar.gz"))}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory, packages: dict[str, Path]) -> Iterator[User]:
    """Has installed from the wheel by `cat install.sh | sh`, in a home with a space in its name."""
    person = User(tmp_path_factory.mktemp("install") / "a home")
    done = piped(person, packages["wheel"])
    assert done.returncode == 0, done.stderr
    yield person
    person.leave()


def piped(user: User, source: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    settings = {"AI_GATEWAY_SOURCE": str(source), "AI_GATEWAY_SHA256": sha256(source), "PIP_NO_COMPILE": "1", **more}
    return user.run("dash", "-s", "--", *(words or LOOK), stdin=SCRIPT.read_bytes(), **settings)


def current(user: User) -> str:
    return os.readlink(user.data / "venv")


def environments(user: User) -> set[str]:
    return {path.name for path in user.data.glob("venv-*")}


def test_what_is_installed_runs_and_setup_got_the_arguments(user: User, packages: dict[str, Path]) -> None:
    version = user.gateway("--version")
    assert version.returncode == 0
    assert version.stdout.startswith("ai-gateway ")
    receipt = dict(line.split("=", 1) for line in (user.data / "venv" / "receipt").read_text().splitlines())
    assert receipt["source"] == str(packages["wheel"])
    assert receipt["content"] == sha256(packages["wheel"])
    assert receipt["launcher"] == str(user.launcher)
    assert not user.config.exists(), "a dry run makes nothing"


def test_nothing_is_left_beside_the_environment(user: User) -> None:
    assert {path.name for path in user.data.iterdir()} == {"venv", current(user), "install.log"}


def test_the_same_source_again_is_quick_and_changes_nothing(user: User, packages: dict[str, Path]) -> None:
    before, state = current(user), user.files()
    done = piped(user, packages["wheel"])
    assert done.returncode == 0
    assert "up to date" in done.stderr
    assert current(user) == before
    assert user.files() == state


def test_it_says_that_the_launcher_is_not_on_path(user: User, packages: dict[str, Path]) -> None:
    assert f'export PATH="{user.launcher.parent}:$PATH"' in piped(user, packages["wheel"]).stderr
    path = f"{user.launcher.parent}:{os.environ['PATH']}"
    assert "export PATH" not in piped(user, packages["wheel"], PATH=path).stderr


def test_another_hash_is_refused(user: User, packages: dict[str, Path]) -> None:
    before = user.files()
    done = piped(user, packages["wheel"], AI_GATEWAY_SHA256="0" * 64)
    assert done.returncode == 3
    assert sha256(packages["wheel"]) in done.stderr
    assert user.files() == before


def test_without_a_terminal_it_installs_and_says_how_to_go_on(user: User, packages: dict[str, Path]) -> None:
    done = piped(user, packages["wheel"], "--runtime", "process")
    assert done.returncode == 3
    assert f"{user.launcher} setup --yes" in done.stderr


def test_a_source_that_does_not_install_leaves_the_old_one(user: User, tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.0-py3-none-any.whl"
    broken.write_bytes(b"this is not a wheel")
    before, others = current(user), environments(user)
    done = piped(user, broken)
    assert done.returncode == 3
    assert "Nothing was changed" in done.stderr
    assert current(user) == before
    assert environments(user) == others
    assert user.gateway("--version").returncode == 0


def test_two_at_a_time_are_refused_and_a_dead_one_is_not_in_the_way(user: User, packages: dict[str, Path]) -> None:
    lock = user.data / "install.lock"
    lock.symlink_to(str(os.getpid()))
    done = piped(user, packages["wheel"])
    assert done.returncode == 3
    assert f"process {os.getpid()}" in done.stderr
    lock.unlink()
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock.symlink_to(str(ended.pid))
    assert piped(user, packages["wheel"]).returncode == 0
    assert not os.path.lexists(lock)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_interrupted_it_cleans_up(user: User, packages: dict[str, Path], number: int, code: int) -> None:
    before = environments(user)
    settings = user.environment(AI_GATEWAY_SOURCE=str(packages["archive"]))
    with (user.home / "out").open("wb") as out:
        process = subprocess.Popen(
            ["sh", SCRIPT, *LOOK],
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        eventually(lambda: environments(user) - before, "the new environment")
        process.send_signal(number)
        assert process.wait(20) == code
    assert environments(user) == before
    assert not os.path.lexists(user.data / "install.lock")
    assert user.gateway("--version").returncode == 0


def test_an_upgrade_replaces_in_one_step_and_keeps_one_before(user: User, packages: dict[str, Path]) -> None:
    first = current(user)
    assert piped(user, packages["archive"]).returncode == 0
    second = current(user)
    assert second != first
    assert environments(user) == {first, second}
    assert user.gateway("--version").returncode == 0
    assert piped(user, packages["wheel"]).returncode == 0
    assert environments(user) == {second, current(user)}


def test_a_launcher_of_somebody_else_stays(user: User, packages: dict[str, Path]) -> None:
    user.launcher.unlink()
    user.launcher.write_text("#!/bin/sh\necho mine\n")
    done = piped(user, packages["wheel"])
    assert done.returncode == 0
    assert "is not ours" in done.stderr
    assert user.launcher.read_text() == "#!/bin/sh\necho mine\n"
    user.launcher.unlink()
    assert piped(user, packages["wheel"]).returncode == 0
    assert user.launcher.is_symlink()


def test_a_checkout_cannot_be_checked_by_hash(user: User) -> None:
    done = user.install(*LOOK, AI_GATEWAY_SHA256="0" * 64)
    assert done.returncode == 3
    assert "not for a directory" in done.stderr


@pytest.mark.parametrize("source", ["./missing.whl", "/nowhere/at/all", "nothing-1.0.tar.gz"])
def test_a_source_that_is_not_there(user: User, source: str) -> None:
    done = user.run("sh", SCRIPT, *LOOK, AI_GATEWAY_SOURCE=source)
    assert done.returncode == 3
    assert f"AI_GATEWAY_SOURCE={source}: no such file or directory." in done.stderr
