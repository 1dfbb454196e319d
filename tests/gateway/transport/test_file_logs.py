"""Lines in files: whole, in order, after a rotation in the new file, and never more in memory than agreed."""

import os
from pathlib import Path

import pytest

from gateway.transport.file_logs import FileLogs

PATIENCE = 30.0


def settle(logs: FileLogs) -> None:
    logs.flush()
    assert logs.settle(PATIENCE)


def test_lines_arrive_in_order_and_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("before\n")
    logs = FileLogs()
    for number in range(5000):
        logs.append(str(path), b"line %d" % number, False)
        if number % 1000 == 0:
            logs.flush()
    settle(logs)
    assert path.read_text().splitlines() == ["before", *(f"line {number}" for number in range(5000))]
    logs.close(PATIENCE)


def test_a_file_is_for_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    logs = FileLogs()
    logs.append(str(path), b"x", False)
    settle(logs)
    assert path.stat().st_mode & 0o137 == 0
    logs.close(PATIENCE)


@pytest.mark.parametrize(("reopen", "new"), [(True, "two\n"), (False, None)])
def test_rotation(tmp_path: Path, reopen: bool, new: str | None) -> None:
    path, old = tmp_path / "a.log", tmp_path / "a.log.1"
    logs = FileLogs()
    logs.append(str(path), b"one", reopen)
    settle(logs)
    path.rename(old)
    logs.append(str(path), b"two", reopen)
    settle(logs)
    assert (path.read_text() if path.exists() else None) == new
    assert old.read_text() == ("one\n" if reopen else "one\ntwo\n")
    logs.close(PATIENCE)


def test_a_file_that_cannot_be_written_is_told_once_and_found_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "later" / "a.log"
    logs = FileLogs()
    for _ in range(3):
        logs.append(str(path), b"lost", False)
        settle(logs)
    assert logs.lost == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"lines for {path} are lost: No such file or directory"
    ]
    path.parent.mkdir()
    logs.append(str(path), b"kept", False)
    settle(logs)
    assert path.read_text() == "kept\n"
    logs.close(PATIENCE)


def test_memory_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.log"
    logs = FileLogs(most_bytes=10)
    for _ in range(5):
        logs.append(str(path), b"12345", False)
    assert logs.lost == 3
    settle(logs)
    logs.append(str(path), b"more", False)
    settle(logs)
    assert path.read_text() == "12345\n12345\nmore\n"
    assert len(caplog.records) == 1
    logs.close(PATIENCE)


def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    logs = FileLogs()
    logs.append(str(tmp_path / "a.log"), b"a", False)
    logs.append(str(tmp_path / "b.log"), b"b", False)
    logs.close(PATIENCE)
    assert [(tmp_path / name).read_text() for name in ("a.log", "b.log")] == ["a\n", "b\n"]


def test_several_workers_share_a_pipe_line_by_line() -> None:
    reading, writing = os.pipe()
    path = f"/dev/fd/{writing}"
    logs = FileLogs()
    lines = [b"%04d" % number + b"x" * 1000 for number in range(40)]
    for line in lines:
        logs.append(path, line, False)
    logs.close(PATIENCE)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read().splitlines() == lines
