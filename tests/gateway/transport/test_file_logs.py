"""Lines in files: whole, in order, after a rotation in the new file, and never more in memory than agreed."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.transport import file_logs
from gateway.transport.file_logs import AccessLog, FileLogs, LogError, check_log

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


def test_half_a_line_before_the_disk_was_full_ends_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.log"
    logs = FileLogs()
    room = [7, 0]
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if not room:
            return write(descriptor, data)
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[: room.pop(0)])

    monkeypatch.setattr(file_logs.os, "write", full)
    logs.append(str(path), b"first line", False)
    settle(logs)
    assert path.read_bytes() == b"first l" and logs.lost == 1
    room.clear()
    for line in (b"second", b"third"):
        logs.append(str(path), line, False)
        settle(logs)
    assert path.read_bytes() == b"first l\nsecond\nthird\n"
    assert [record.getMessage() for record in caplog.records] == [f"lines for {path} are lost: No space left on device"]
    logs.close(PATIENCE)


def all_read(reading: int, writing: int, logs: FileLogs) -> bytes:
    """What comes out of a pipe until everything is written to it."""
    with os.fdopen(reading, "rb") as stream, ThreadPoolExecutor(1) as pool:
        found = pool.submit(stream.read)
        logs.close(PATIENCE)
        os.close(writing)
        return found.result(PATIENCE)


def test_a_reader_that_does_not_read_makes_nobody_wait(caplog: pytest.LogCaptureFixture) -> None:
    reading, writing = os.pipe()
    path = f"/dev/fd/{writing}"
    logs = FileLogs(most_bytes=1 << 20)
    for number in range(3000):  # three times what may wait, and the pipe takes little
        logs.append(path, b"%04d" % number + b"x" * 1000, False)
        if number % 100 == 0:
            logs.flush()
    assert logs.lost > 1000
    assert 0 < len(caplog.records) < 10
    assert not logs.settle(0.01)
    lines = all_read(reading, writing, logs).splitlines()
    assert len(lines) + logs.lost == 3000
    assert all(len(line) == 1004 for line in lines) and lines == sorted(lines)


def test_a_pipe_that_does_not_want_to_wait_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    monkeypatch.setitem(file_logs._DEVICES, "/dev/stdout", writing)
    logs = FileLogs()
    log = AccessLog(logs, "/dev/stdout")
    log.extend([b"x" * 1000] * 300)
    log.flush()
    assert all_read(reading, writing, logs) == (b"x" * 1000 + b"\n") * 300
    assert not logs.lost


def test_a_reader_that_went_away_loses_lines_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    reading, writing = os.pipe()
    logs = FileLogs()
    os.close(reading)
    for _ in range(2):
        logs.append(f"/proc/self/fd/{writing}", b"a", False)
        settle(logs)
    assert logs.lost == 2 and len(caplog.records) == 1
    os.close(writing)
    logs.close(PATIENCE)


def test_many_lines_of_requests_do_not_wait_for_the_next_flush(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    logs = FileLogs()
    log = AccessLog(logs, str(path))
    log.extend([b"a"] * (file_logs.GATHERED - 1))
    assert logs.settle(PATIENCE) and not path.exists()
    log.write(b"b")
    assert logs.settle(PATIENCE)
    assert path.read_bytes() == b"a\n" * (file_logs.GATHERED - 1) + b"b\n"
    logs.close(PATIENCE)


def test_the_access_log_follows_a_file_that_is_moved_away(tmp_path: Path) -> None:
    path, old = tmp_path / "access.log", tmp_path / "access.log.1"
    logs = FileLogs()
    log = AccessLog(logs, str(path))
    for number in (1, 2):
        log.write(b"%d" % number)
        log.flush()
        settle(logs)
        if number == 1:
            path.rename(old)
    assert (old.read_bytes(), path.read_bytes()) == (b"1\n", b"2\n")
    logs.close(PATIENCE)


@pytest.mark.parametrize("name", ["/dev/stdout", "-", "/dev/stderr"])
def test_standard_streams_have_names(name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    check_log("KONG_PROXY_ACCESS_LOG", name)
    logs = FileLogs()
    log = AccessLog(logs, name)
    log.write(b"line")
    log.flush()
    settle(logs)
    captured = capfdbinary.readouterr()
    assert (captured.out, captured.err) == ((b"", b"line\n") if name == "/dev/stderr" else (b"line\n", b""))
    logs.close(PATIENCE)


def test_a_log_is_tried_before_it_is_needed(tmp_path: Path) -> None:
    check_log("KONG_PROXY_ACCESS_LOG", str(tmp_path / "made" / "a.log"))
    assert (tmp_path / "made" / "a.log").read_bytes() == b""
    with pytest.raises(LogError, match=r"KONG_PROXY_ACCESS_LOG=.*made cannot be written: Is a directory: name a file"):
        check_log("KONG_PROXY_ACCESS_LOG", str(tmp_path / "made"))
