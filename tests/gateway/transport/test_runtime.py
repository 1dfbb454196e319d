"""Clocks, ids and the access log."""

from __future__ import annotations

from pathlib import Path

from gateway.transport.file_logs import AccessLog, FileLogs
from gateway.transport.runtime import Runtime


def test_ids_are_32_hex_digits_and_never_the_same() -> None:
    runtime = Runtime(None)
    ids = {runtime.request_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_two_workers_have_other_ids() -> None:
    assert Runtime(None).request_id()[:20] != Runtime(None).request_id()[:20]


def test_the_counter_wraps() -> None:
    runtime = Runtime(None, random=lambda size: b"\xff" * size)
    runtime._count = 0xFFFFFFFFFFFF
    assert runtime.request_id() == b"ff" * 10 + b"0" * 12


def test_clocks_are_arguments() -> None:
    runtime = Runtime(None, now=lambda: 5.0, wall=lambda: 0.0)
    assert (runtime.now(), runtime.wall()) == (5.0, 0.0)


def test_the_date_follows_the_clock() -> None:
    clock = [1_795_348_800.0]
    runtime = Runtime(None, wall=lambda: clock[0])
    assert runtime.date_line() == b"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
    clock[0] += 0.9
    assert runtime.date_line() == b"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
    clock[0] += 0.2
    assert runtime.date_line() == b"Date: Sun, 22 Nov 2026 12:00:01 GMT\r\n"


def test_lines_wait_for_the_flush(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    files = FileLogs()
    runtime = Runtime(None, AccessLog(files, str(path)))
    runtime.files = files
    runtime.log(b'{"a":1}')
    runtime.log_all([b'{"a":2}', b'{"a":3}'])
    assert not path.exists()
    runtime.flush()
    runtime.flush()
    assert files.settle(30)
    assert path.read_bytes() == b'{"a":1}\n{"a":2}\n{"a":3}\n'
    assert path.stat().st_mode & 0o007 == 0
    files.close(30)


def test_without_a_log_nothing_is_written() -> None:
    runtime = Runtime(None)
    runtime.log(b"a")
    runtime.flush()
