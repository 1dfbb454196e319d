"""Whether there is a browser: never over SSH, never without a display, and by the system's own opener."""

from __future__ import annotations

from pathlib import Path

import pytest

from quickstart.browser import is_remote, opened, opener


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("xdg-open", "open", "wslview"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "$@" >"{tmp_path}/asked"\nexit "${{ENDS:-0}}"\n')
        program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "system", "found"),
    [
        ({"DISPLAY": ":0"}, "Linux", "xdg-open"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "Linux", "xdg-open"),
        ({}, "Linux", None),
        ({"WSL_DISTRO_NAME": "Debian"}, "Linux", "wslview"),
        ({}, "Darwin", "open"),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "1 2 3 4"}, "Linux", None),
        ({"SSH_TTY": "/dev/pts/1"}, "Darwin", None),
        ({"DISPLAY": ":0"}, "Plan9", None),
    ],
)
def test_who_opens_addresses(folder: Path, variables: dict[str, str], system: str, found: str | None) -> None:
    got = opener({"PATH": str(folder), **variables}, system)
    assert got == (str(folder / found) if found else None)
    assert is_remote(variables) == any(name.startswith("SSH") for name in variables)


def test_an_address_is_handed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(str(folder / "open"), "http://127.0.0.1:8002/")
    assert (folder / "asked").read_text() == "http://127.0.0.1:8002/\n"
    monkeypatch.setenv("ENDS", "3")
    assert not opened(str(folder / "open"), "x")
    assert not opened(str(folder / "missing"), "x")
