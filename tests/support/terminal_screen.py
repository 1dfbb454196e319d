"""What a terminal of so many columns would show: text, line ends, cursor movements and erasing, as prompts and progress
lines use them. Wide characters take two cells; a line that is too long goes on in the next one, and that is remembered.

Not for: colour, scroll regions, the alternate screen. A sequence that is not known here fails.
"""

from __future__ import annotations

import re
import unicodedata

_SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
_IGNORED = "mhl"  # colour, and modes: cursor shown, wrapping, pasting


class TerminalScreen:
    """`feed` it what a program writes; `lines` is what stands there. `wrapped` are lines the terminal had to break."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._rows: list[list[str]] = [[]]
        self._row = 0
        self._column = 0
        self._rest = ""
        self.wrapped: list[str] = []
        self.cursor_shown = True

    def feed(self, text: str) -> None:
        text, self._rest = self._rest + text, ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
                continue
            found = _SEQUENCE.match(text, at)
            if found is None:
                if len(text) - at > 20:
                    raise ValueError(f"unknown sequence {text[at : at + 20]!r}")
                self._rest = text[at:]  # the rest of it is still to come
                return
            self._control(found[1], found[2])
            at = found.end()

    def _control(self, given: str, final: str) -> None:
        if final in _IGNORED:
            if given == "?25":
                self.cursor_shown = final == "h"
            return
        number = int(given) if given.isdigit() else 0
        if final == "A":
            self._row = max(self._row - max(number, 1), 0)
        elif final == "B":
            self._row += max(number, 1)
        elif final == "C":
            self._column += max(number, 1)
        elif final == "D":
            self._column = max(self._column - max(number, 1), 0)
        elif final == "K" and number == 0:
            del self._line()[self._column :]
        elif final == "J" and number == 0:
            del self._line()[self._column :]
            del self._rows[self._row + 1 :]
        else:
            raise ValueError(f"unknown sequence ESC[{given}{final}")

    def _line(self) -> list[str]:
        while len(self._rows) <= self._row:
            self._rows.append([])
        return self._rows[self._row]

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            self._line()
        elif character == "\b":
            self._column = max(self._column - 1, 0)
        elif character >= " ":
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self._column + width > self.columns:
                self.wrapped.append("".join(self._line()))
                self._row, self._column = self._row + 1, 0
            line = self._line()
            line.extend(" " * (self._column + width - len(line)))
            line[self._column : self._column + width] = [character, *[""] * (width - 1)]
            self._column += width

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self._rows]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip("\n") + "\n"
