"""Answers of several routes beside each other, or below each other where a terminal is too narrow. Pure.

Not for: asking (chat.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from quickstart import layout

LEAST = 28
"""Cells a column needs to be read with ease."""
_GAP = 3


def folded(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells; words that are longer, and scripts without spaces, are broken."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        for line in layout.wrap(paragraph, width) or [""]:
            while layout.cells(line) > width:
                start = layout.head(line, width) or line[0]
                lines.append(start)
                line = line[len(start) :]
            lines.append(line)
    return lines


def compared(blocks: Sequence[tuple[str, str, str]], width: int) -> list[str]:
    """Lines for (title, text, end) of each route: columns where each gets LEAST cells, else one after the other."""
    each = (width - _GAP * (len(blocks) - 1)) // len(blocks)
    if len(blocks) == 1 or each < LEAST:
        return [line for block in blocks for line in [*_block(block, width), ""]][:-1]
    columns = [_block(block, each) for block in blocks]
    # what a column ends with stands on one line in all of them
    tallest = max(len(column) for column in columns)
    ends = [len(folded(end, each)) for _, _, end in blocks]
    filled = [
        [*column[:-count], *[""] * (tallest - len(column)), *column[-count:]]
        for column, count in zip(columns, ends, strict=True)
    ]
    rows = zip_longest(*filled, fillvalue="")
    return [(" " * _GAP).join(layout.pad(cell, each) for cell in row).rstrip() for row in rows]


def _block(block: tuple[str, str, str], width: int) -> list[str]:
    title, text, end = block
    return [layout.truncate(title, width), "", *folded(text, width), "", *folded(end, width)]
