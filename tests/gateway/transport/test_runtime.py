"""Clocks, ids and the access log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.transport.runtime import AccessLog, Runtime


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
    path = tmp_path / "logs" / "access.log"
    runtime = Runtime(None, AccessLog.open(str(path)))
    runtime.log(b'{"a":1}')
    runtime.log(b'{"a":2}')
    assert path.read_bytes() == b""
    runtime.flush()
    runtime.flush()
    assert path.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert path.stat().st_mode & 0o007 == 0


def test_much_is_written_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    log = AccessLog.open(str(path))
    for _ in range(70):
        log.write(b"x" * 1000)
    assert path.stat().st_size > 60_000


def test_a_pipe_gets_whole_lines_in_pieces_that_it_keeps_together(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    sizes: list[int] = []
    write = os.write
    log = AccessLog(writing)

    def counted(descriptor: int, data: bytes) -> int:
        sizes.append(len(data))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", counted)
    for number in range(200):
        log.write(b"%d" % number + b"." * 90)
    log.flush()
    monkeypatch.undo()
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        lines = stream.read().split(b"\n")
    assert len(lines) == 201
    assert len(sizes) > 3
    assert max(sizes) <= 4096


def test_a_reader_that_went_away_loses_lines_and_nothing_else() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = AccessLog(writing)
    log.write(b"a")
    log.flush()
    log.write(b"b")
    log.flush()
    assert log.lost == 2
    os.close(writing)


def test_without_a_log_nothing_is_written() -> None:
    runtime = Runtime(None)
    runtime.log(b"a")
    runtime.flush()


def test_standard_streams_have_names(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in ("/dev/stdout", "/dev/stderr"):
        log = AccessLog.open(name)
        log.write(b"line")
        log.flush()
    captured = capfdbinary.readouterr()
    assert (captured.out, captured.err) == (b"line\n", b"line\n")
