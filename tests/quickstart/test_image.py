"""The build context holds what is needed and nothing else, and the same content has the same tag everywhere."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from support.house import ROOT

from quickstart import assets, image

FILES = {"Dockerfile": b"FROM x\n", "gateway/a.py": b"a = 1\n"}


def test_the_context_is_what_the_dockerfile_copies() -> None:
    names = set(image.content())
    assert {"Dockerfile", "requirements.txt", "gateway/__main__.py", "gateway/providers/openai.py"} <= names
    assert {name.split("/")[0] for name in names} == {"Dockerfile", "requirements.txt", "gateway"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_no_room_of_the_gateway_is_left_out() -> None:
    folder = ROOT / "gateway_image"
    files = [path for path in (folder / "gateway").rglob("*") if path.is_file()]
    left = ("__pycache__", ".")  # what tools leave behind
    files = [path for path in files if not any(part.startswith(left) for part in path.relative_to(folder).parts)]
    assert {str(path.relative_to(folder)) for path in files} == {
        name for name in image.content() if name.startswith("gateway/")
    }


def test_the_archive_says_nothing_of_the_machine_it_was_made_on() -> None:
    made = image.context(FILES)
    assert made == image.context(dict(reversed(FILES.items())))
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        entries = archive.getmembers()
        assert [entry.name for entry in entries] == sorted(FILES)
        assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in entries} == {
            (0, 0, 0, "", 0o644)
        }
        file = archive.extractfile("gateway/a.py")
        assert file is not None and file.read() == b"a = 1\n"


@pytest.mark.parametrize(
    "other",
    [
        FILES | {"gateway/a.py": b"a = 2\n"},
        FILES | {"gateway/b.py": b""},
        {"Dockerfile": b"FROM x\n", "gateway/b.py": b"a = 1\n"},
        {"Dockerfile": b"FROM x\ngateway/a.py", "": b""},
    ],
)
def test_every_change_has_another_tag(other: dict[str, bytes]) -> None:
    made = image.tag(FILES, "base", "me")
    assert image.tag(dict(reversed(FILES.items())), "base", "me") == made
    assert made not in (image.tag(other, "base", "me"), image.tag(FILES, "b", "me"), image.tag(FILES, "base", "you"))


def test_file_times_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "a.py").write_text("a = 1\n")
    monkeypatch.setattr(assets, "gateway_package", lambda: tmp_path / "gateway")
    before = image.tag(image.content(), "base", "me")
    os.utime(tmp_path / "gateway" / "a.py", (0, 0))
    assert image.tag(image.content(), "base", "me") == before


def test_what_tools_leave_behind_is_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gateway"
    for name in ("a.py", ".mypy_cache/3.11/cache.db", "__pycache__/a.pyc", "sub/.DS_Store", "sub/b.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("x")
    monkeypatch.setattr(assets, "gateway_package", lambda: package)
    assert {name for name in image.content() if name.startswith("gateway/")} == {"gateway/a.py", "gateway/sub/b.py"}
