"""What is asked of every provider's translation, used by each provider's tests with its own recordings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.streams import PLACES, check_chunks, cut, drain, every_split

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import CHAT, COMPLETIONS, Call, ProviderError

CREATED = 1_700_000_000
SYSTEM = {"role": "system", "content": "You are a helper."}
USER = {"role": "user", "content": "What is the capital of France?"}
IMAGE = {
    "role": "user",
    "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
    ],
}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}},
        {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}},
    ],
}
RESULTS = [
    {"role": "tool", "tool_call_id": "call_1", "content": '{"sky":"clear"}'},
    {"role": "tool", "tool_call_id": "call_2", "content": "rain"},
]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": SCHEMA}}


def call(model: str = "m", route_type: str = CHAT, stream: bool = False, newest: bool = False, **options: Any) -> Call:
    return Call(route_type, model, options, stream, newest)


def request(provider: str, body: dict[str, Any], made: Call) -> dict[str, Any]:
    return get(provider).request(body, made)


def answered(provider: str, body: Any, made: Call) -> dict[str, Any]:
    """The translated answer, after checking what every translated answer has."""
    whole = get(provider).response(body, made, CREATED, "chatcmpl-fallback")
    assert whole["created"] == CREATED
    assert whole["id"] and whole["model"]
    assert whole["object"] == ("text_completion" if made.route_type == COMPLETIONS else "chat.completion")
    for choice in whole["choices"]:
        assert isinstance(choice["index"], int) and choice["finish_reason"]
    return whole


def message(whole: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = whole["choices"][0]["message"]
    return found


def streamed(provider: str, data: bytes, made: Call, include_usage: bool = False) -> tuple[list[Any], Usage | None]:
    """The events a client gets, the same however the upstream's bytes are cut, and the usage."""

    def run(pieces: list[bytes]) -> tuple[bytes, Usage | None]:
        stream = get(provider).stream(made, CREATED, "chatcmpl-fallback", include_usage)
        return drain(stream, pieces), stream.usage

    whole, usage = run([data])
    for pieces in every_split(data):
        assert run(pieces) == (whole, usage), pieces

    @settings(max_examples=40, deadline=None)
    @given(PLACES)
    def any_cut(places: list[int]) -> None:
        assert run(cut(data, places)) == (whole, usage)

    any_cut()
    return check_chunks(whole), usage


NOISE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 2**65), st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn, sample: Any) -> Any:
    """A recorded value with parts of it lost, doubled or replaced by noise: hostile where it hurts most."""
    if draw(st.integers(0, 9)) == 0:
        return draw(NOISE)
    if isinstance(sample, dict):
        return {name: draw(mangled(value)) for name, value in sample.items() if draw(st.integers(0, 9))}
    if isinstance(sample, list):
        times = [draw(st.sampled_from([0, 1, 1, 1, 2])) for _ in sample]
        return [draw(mangled(value)) for value, count in zip(sample, times, strict=True) for _ in range(count)]
    return sample


def survives(provider: str, made: Call, body: Any, events: list[Any], encode: Callable[[list[Any]], bytes]) -> None:
    """Recordings mangled in any way give an answer, a ProviderError(500), or a stream that ends well."""

    @settings(max_examples=150, deadline=None)
    @given(mangled(body), mangled(events))
    def check(bad: Any, bad_events: Any) -> None:
        try:
            whole = get(provider).response(bad, made, CREATED)
        except ProviderError as error:
            assert error.status == 500
        else:
            assert whole["object"] == "chat.completion"
            json.dumps(whole)
        out = drain(get(provider).stream(made, CREATED), [encode(bad_events if isinstance(bad_events, list) else [])])
        check_chunks(out)

    check()
