"""A log keeps whole lines, in order, across rotations, readable by its owner only."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from quickstart.log_file import LogFile, follow, tail


def test_it_is_the_owners_alone_even_when_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")
    path.chmod(0o644)
    log = LogFile(path)
    log.write(b"new\n")
    log.close()
    assert path.read_text() == "old\nnew\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_renamed_at_a_line_end_once_it_is_full(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", limit=10, keep=2)
    for number in range(1, 8):
        log.write(b"line %d\n" % number)
    log.close()
    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert "".join(files[name] for name in ("log.2", "log.1", "log")) == "line 3\nline 4\nline 5\nline 6\nline 7\n"
    assert set(files) == {"log", "log.1", "log.2"}


@given(st.lists(st.binary(max_size=30), max_size=30), st.integers(1, 40))
def test_no_byte_is_lost_or_moved_and_no_line_is_cut(tmp_path_factory: object, pieces: list[bytes], limit: int) -> None:
    folder: Path = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    log = LogFile(folder / "log", limit, keep=1000)
    for piece in pieces:
        log.write(piece)
    log.close()
    older = sorted((path for path in folder.iterdir() if path.suffix), key=lambda path: -int(path.suffix[1:]))
    assert b"".join(path.read_bytes() for path in [*older, folder / "log"]) == b"".join(pieces)
    assert all(path.read_bytes().endswith(b"\n") for path in older)


def test_the_tail_reaches_back_over_one_rotation(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text("1\n2\n")
    (tmp_path / "log").write_text("3\n4")
    assert tail(tmp_path / "log", 3) == ["2", "3", "4"]
    assert tail(tmp_path / "log", 1) == ["4"]
    assert tail(tmp_path / "log", 0) == []
    assert tail(tmp_path / "none", 5) == []


def test_the_tail_of_a_long_file_is_right(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(f"{number} {'x' * 100}\n" for number in range(5000)))
    assert [line.split()[0] for line in tail(tmp_path / "log", 1500)] == [str(n) for n in range(3500, 5000)]


def scripted(*steps: Callable[[], object]) -> Callable[[], bool]:
    """A pause that does one step each time and then says that it is enough."""
    left = list(steps)

    def pause() -> bool:
        if not left:
            return False
        left.pop(0)()
        return True

    return pause


def test_following_sees_new_lines_and_rotations(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", limit=12)
    log.write(b"one\ntwo\n")

    def rotate() -> None:
        log.write(b"four\nfive\nsix\n")

    pause = scripted(lambda: log.write(b"thr"), lambda: log.write(b"ee\n"), rotate, lambda: log.write(b"seven\n"))
    assert list(follow(tmp_path / "log", pause, lines=1)) == ["two", "three", "four", "five", "six", "seven"]
    log.close()


def test_following_a_log_that_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert list(follow(path, scripted(lambda: None, lambda: path.write_text("first\n")))) == ["first"]
