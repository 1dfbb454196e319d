"""Why a model stopped, read off the passing bytes."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._finish_reasons import FinishReasons


def found(*pieces: bytes) -> list[str]:
    reasons = FinishReasons()
    for piece in pieces:
        reasons(piece)
    return reasons.found


STREAM = (
    b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n'
    b'data: {"choices":[{"index":1,"delta":{},"finish_reason": "length"}]}\n\ndata: [DONE]\n\n'
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_however_a_stream_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert found(*(STREAM[a:b] for a, b in pairwise(edges))) == ["tool_calls", "length"]


def test_byte_by_byte() -> None:
    assert found(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == ["tool_calls", "length"]


def test_whole_answers_and_anthropics_word() -> None:
    assert found(b'{"choices":[{"finish_reason":"stop"},{"finish_reason":"stop"}]}') == ["stop", "stop"]
    assert found(b'{"type":"message","stop_reason":"end_turn","stop_sequence":null}') == ["end_turn"]


@given(st.text())
def test_a_text_that_speaks_of_reasons_is_none(text: str) -> None:
    said = f'"finish_reason":"{text}" "stop_reason": "stop"'
    assert found(json.dumps({"content": said}).encode()) == []


def test_an_upstream_that_never_ends_is_bounded() -> None:
    assert len(found(b'"finish_reason":"stop"' * 1000)) == 16
