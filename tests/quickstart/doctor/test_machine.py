"""Versions, Windows' Linux, room on the disk."""

from __future__ import annotations

from pathlib import Path

from support.patients import codes, nobody

from quickstart import __version__
from quickstart.doctor import machine

WSL = {
    "/proc/version": "Linux version 5.15-microsoft-standard-WSL2",
    "/proc/net/route": "Iface\tDestination\tGateway\neth0\t00000000\t0110A8C0\n",
}


def test_a_machine_with_room(tmp_path: Path) -> None:
    found = list(machine.check(nobody(tmp_path), lambda path: "Linux version 6.1 (debian)", lambda path: 10**10))
    assert codes(found) == [("ok", "machine"), ("ok", "disk_ok")]
    assert __version__ in found[0].message and "WSL2" not in found[0].message


def test_windows_linux_is_named_with_the_way_to_windows(tmp_path: Path) -> None:
    found = list(machine.check(nobody(tmp_path), lambda path: WSL.get(path, ""), lambda path: 10**10))
    assert codes(found)[:2] == [("ok", "machine"), ("note", "quirk_wsl2")]
    assert "WSL2" in found[0].message and "192.168.16.1" in found[1].message
    assert "OLLAMA_HOST=0.0.0.0" in found[1].remedy and "http://192.168.16.1:PORT" in found[1].remedy


def test_a_full_disk(tmp_path: Path) -> None:
    found = list(machine.check(nobody(tmp_path), lambda path: "", lambda path: 1_000_000))
    assert codes(found)[-1] == ("bad", "disk_full") and "1 MB are free" in found[-1].message


def test_a_file_that_is_not_there_says_nothing() -> None:
    assert machine.text_of("/no/such/file") == ""
