"""Files are whole or as they were; directories that somebody else prepared are refused."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.house import ROOT

from quickstart.errors import EnvironmentProblem
from quickstart.files import Before, Places, output_directory, private_directory, write_atomically


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_places_follow_home() -> None:
    places = Places.from_environment({"HOME": "/home/a person"})
    assert places.secrets == Path("/home/a person/.config/ai-gateway/secrets.env")
    assert places.configuration == Path("/home/a person/.local/share/ai-gateway/gateway/kong.yml")
    assert places.logs == Path("/home/a person/.local/state/ai-gateway/logs")
    assert places.launcher == Path("/home/a person/.local/bin/ai-gateway")


def test_xdg_variables_move_them_but_relative_ones_say_nothing() -> None:
    places = Places.from_environment(
        {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": ""}
    )
    assert (places.config, places.data) == (Path("/c/ai-gateway"), Path("/h/.local/share/ai-gateway"))
    assert places.state == Path("/h/.local/state/ai-gateway")


@pytest.mark.parametrize("home", ["", "relative"])
def test_without_home_the_user_database_knows(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = pwd.struct_passwd(("me", "x", os.getuid(), 0, "", "/home/me", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", {os.getuid(): known}.__getitem__)
    assert Places.from_environment({"HOME": home}).home == Path("/home/me")


def test_without_home_and_without_a_user_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    with pytest.raises(EnvironmentProblem, match="HOME is not set") as caught:
        Places.from_environment({})
    assert "Set HOME" in caught.value.hint


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    Places.from_environment({"HOME": str(tmp_path)})
    assert not list(tmp_path.iterdir())


def test_writing_replaces_in_one_step_with_the_mode_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o666)
    write_atomically(path, "new\n", 0o640)
    assert (path.read_text(), mode(path)) == ("new\n", 0o640)
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_writing_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "link").symlink_to(victim)
    write_atomically(tmp_path / "link", "ours")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "link").is_symlink()


def test_a_reader_never_sees_half_of_a_file_while_it_is_written_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = ["a" * 200_000, "b" * 200_000]
    write_atomically(path, texts[0])
    writer = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, pathlib; from quickstart.files import write_atomically as w\n"
            "print('on', flush=True)\nfor n in range(150): w(pathlib.Path(sys.argv[1]), 'ab'[n % 2] * 200_000)",
            str(path),
        ],
        env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert writer.stdout is not None
    writer.stdout.readline()
    seen = set()
    while writer.poll() is None:
        seen.add(path.read_text())
    writer.stdout.close()
    assert writer.returncode == 0
    assert seen <= set(texts)


def test_a_directory_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="Cannot write ") as caught:
        write_atomically(tmp_path / "gone" / "file", "x")
    assert "ls -ld" in caught.value.hint


def test_an_existing_directory_of_ours_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(mode=0o755)
    private_directory(tmp_path / "config")
    assert mode(tmp_path / "config") == 0o700


def test_a_file_in_the_way_of_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    with pytest.raises(EnvironmentProblem, match="Cannot make the directory"):
        private_directory(tmp_path / "config" / "below")


def test_the_output_directory_is_made_for_us_alone(tmp_path: Path) -> None:
    output_directory(tmp_path / "kong" / "ai-gateway")
    assert (mode(tmp_path / "kong"), mode(tmp_path / "kong" / "ai-gateway")) == (0o700, 0o700)
    output_directory(tmp_path / "kong" / "ai-gateway")  # again: nothing to refuse


def test_only_looking_makes_nothing(tmp_path: Path) -> None:
    output_directory(tmp_path / "kong" / "ai-gateway", make=False)
    assert not list(tmp_path.iterdir())


def test_a_link_in_place_of_the_output_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentProblem, match="symbolic link"):
        output_directory(tmp_path / "out")


def test_a_link_that_others_could_have_made_is_refused_anywhere_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "crowded").mkdir()
    (tmp_path / "crowded").chmod(0o1777)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "crowded" / "kong").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentProblem, match=r"crowded/kong is a symbolic link"):
        output_directory(tmp_path / "crowded" / "kong" / "ai-gateway")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_our_own_link_in_a_directory_of_ours_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "short").symlink_to(tmp_path / "real")
    output_directory(tmp_path / "short" / "out")
    assert (tmp_path / "real" / "out").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    os.chown(tmp_path / "out", 12345, 12345)
    with pytest.raises(EnvironmentProblem, match="another user"):
        output_directory(tmp_path / "out")


def test_a_directory_that_everybody_may_write_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    with pytest.raises(EnvironmentProblem, match="Everybody may write") as caught:
        output_directory(tmp_path / "out")
    assert "chmod o-w" in caught.value.hint


def test_a_file_in_place_of_the_output_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(EnvironmentProblem, match="is a file"):
        output_directory(tmp_path / "out")


def test_a_file_is_put_back_with_mode_and_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("first")
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18))
    before = Before.of(path)
    write_atomically(path, "second")
    before.restore()
    assert (path.read_text(), mode(path), path.stat().st_mtime_ns) == ("first", 0o640, 10**18)


def test_a_file_that_was_not_there_is_gone_again(tmp_path: Path) -> None:
    before = Before.of(tmp_path / "file")
    write_atomically(tmp_path / "file", "x")
    before.restore()
    before.restore()
    assert not (tmp_path / "file").exists()
