"""Everything of ours is listed before it goes, nothing else ever goes, and what stays was meant to stay."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.gateway_process import eventually
from support.launched import Launched
from support.setups import places_in

from quickstart import uninstalling
from quickstart.container_spec import EngineProblem
from quickstart.files import Places
from quickstart.local_http import listens
from quickstart.plan import Runtime
from quickstart.processes import ProcessRunner
from quickstart.uninstalling import Removal


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        yield made


def without_engine(runtime: Runtime, places: Places, environ: Mapping[str, str]) -> ProcessRunner:
    if runtime == "docker":
        raise EngineProblem("missing", "No container engine is installed.", "")
    return ProcessRunner(places, environ)


def inventory(home: Launched, purge: bool) -> tuple[list[Removal], list[str]]:
    return uninstalling.inventory(home.places, os.environ, purge, home.folder / "default", without_engine)


def remove(home: Launched, purge: bool) -> list[str]:
    removals, _ = inventory(home, purge)
    assert uninstalling.remove(removals, lambda text, error: pytest.fail(f"{text}: {error}"))
    return [removal.text for removal in removals]


def installed(home: Launched) -> None:
    """As install.sh leaves it: an environment behind a link, and a launcher that leads there."""
    program = home.places.data / "venv-1" / "bin" / "ai-gateway"
    program.parent.mkdir(parents=True)
    program.touch()
    home.places.venv.symlink_to("venv-1")
    home.places.launcher.parent.mkdir(parents=True)
    home.places.launcher.symlink_to(home.places.venv / "bin" / "ai-gateway")


def test_listing_changes_nothing(home: Launched) -> None:
    home.apply(test=False)
    before = home.files()
    removals, warnings = inventory(home, purge=True)
    pid = home.pid.removeprefix("pid ")
    texts = [removal.text for removal in removals]
    assert texts[0] == f"process {pid}: the gateway" and not warnings
    for path in (home.plan.output_dir / "kong.yml", home.plan.output_dir / "kong.env"):
        assert str(path) in texts
    assert {f"{home.places.config}/", f"{home.places.data}/", f"{home.places.state}/"} <= set(texts)
    assert home.files() == before and home.ask().status == 200


def test_without_purge_keys_answers_and_the_program_stay(home: Launched) -> None:
    installed(home)
    home.apply(test=False)
    remove(home, purge=False)
    eventually(lambda: not listens("127.0.0.1", home.plan.ports["proxy"]), "the gateway's end")
    assert home.places.secrets.exists() and home.places.answers.exists()
    assert home.places.launcher.exists()
    assert not home.places.state.exists() and not home.plan.output_dir.exists()
    assert sorted(path.name for path in home.places.data.iterdir()) == ["venv", "venv-1"]
    assert not inventory(home, purge=False)[0]


def test_with_purge_nothing_stays(home: Launched) -> None:
    installed(home)
    home.apply(test=False)
    texts = remove(home, purge=True)
    assert str(home.places.launcher) in texts
    eventually(lambda: not listens("127.0.0.1", home.plan.ports["proxy"]), "the gateway's end")
    assert not [path for path in home.folder.rglob("*") if path.is_file() or path.is_symlink()]
    assert not inventory(home, purge=True)[0]


@pytest.mark.parametrize("kind", ["link", "script", "binary"])
def test_somebody_elses_launcher_stays(kind: str, home: Launched) -> None:
    home.apply(test=False)
    home.places.launcher.parent.mkdir(parents=True)
    if kind == "link":
        home.places.launcher.symlink_to("/opt/other/bin/ai-gateway")
    else:
        home.places.launcher.write_bytes(b"#!/bin/sh\n" if kind == "script" else b"\x7fELF\xff\xfe")
    remove(home, purge=True)
    assert os.path.lexists(home.places.launcher)


def test_a_launcher_script_that_leads_to_us_goes(home: Launched) -> None:
    home.apply(test=False)
    home.places.launcher.parent.mkdir(parents=True)
    home.places.launcher.write_text(f"#!/bin/sh\nexec '{home.places.venv}/bin/ai-gateway' \"$@\"\n")
    assert str(home.places.launcher) in remove(home, purge=True)
    assert not home.places.launcher.exists()


def test_a_linked_directory_loses_its_link_and_not_what_it_leads_to(home: Launched) -> None:
    precious = home.folder / "dotfiles"
    precious.mkdir()
    (precious / "file").touch()
    home.places.config.parent.mkdir(parents=True)
    home.places.config.symlink_to(precious)
    remove(home, purge=True)
    assert (precious / "file").exists() and not home.places.config.is_symlink()


def test_files_of_others_keep_the_output_directory(home: Launched) -> None:
    home.apply(test=False)
    (home.plan.output_dir / "notes.txt").write_text("mine")
    remove(home, purge=True)
    assert [path.name for path in home.plan.output_dir.iterdir()] == ["notes.txt"]


def test_a_damaged_record_is_told_and_the_rest_goes(home: Launched) -> None:
    home.apply(test=False)
    home.places.deployment.write_text("nonsense")
    removals, warnings = inventory(home, purge=True)
    assert "Cannot read what was set up" in warnings[0]
    assert removals[0].text.endswith("the gateway")
    assert uninstalling.remove(removals, lambda text, error: None)
    assert not home.places.data.exists() and not home.runner.status().running


def test_nothing_of_ours_is_nothing_to_remove(tmp_path: Path) -> None:
    found = uninstalling.inventory(places_in(tmp_path), {}, True, tmp_path / "none", without_engine)
    assert found == ([], [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_where_nobody_may_look_nothing_is_ours(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0)
    try:
        found = uninstalling.inventory(places_in(tmp_path), os.environ, False, hidden / "ai-gateway", without_engine)
    finally:
        hidden.chmod(0o700)
    assert found == ([], [])


def test_what_cannot_be_removed_is_told_and_the_rest_is_removed() -> None:
    done: list[str] = []
    told: list[str] = []

    def fail() -> None:
        raise PermissionError("no")

    removals = [Removal("one", fail), Removal("two", lambda: done.append("two"))]
    assert not uninstalling.remove(removals, lambda text, error: told.append(f"{text}: {error}"))
    assert (done, told) == (["two"], ["one: no"])


def test_the_receipt_tells_what_was_installed_and_where_its_launcher_is(home: Launched) -> None:
    home.apply()
    elsewhere = home.folder / "bin" / "ai-gateway"
    elsewhere.parent.mkdir()
    home.places.venv.mkdir(parents=True)
    elsewhere.symlink_to(home.places.venv / "bin" / "ai-gateway")
    home.places.receipt.write_text(
        f"source=/a=b/bundle.tar.gz\nlauncher={elsewhere}\nversion=ai-gateway 1.2.3\ninstalled=2026-11-22T09:00:00Z\n"
    )
    texts = remove(home, purge=True)
    assert str(elsewhere) in texts and not os.path.lexists(elsewhere)
    (told,) = (text for text in texts if text.startswith(f"{home.places.data}/ "))
    assert told.endswith("(ai-gateway 1.2.3, installed 2026-11-22T09:00:00Z from /a=b/bundle.tar.gz)")


def test_a_receipt_that_names_somebody_elses_launcher_removes_nothing_of_theirs(home: Launched) -> None:
    home.apply()
    other = home.folder / "theirs"
    other.write_text("#!/bin/sh\necho mine\n")
    home.places.venv.mkdir(parents=True)
    home.places.receipt.write_text(f"launcher={other}\n")
    assert str(other) not in remove(home, purge=True) and other.exists()
