"""What every dialect's stream promises, whatever the upstream sends and however the network cuts it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dialect_checks import answers, arguments, chunk, events, message_of, response_of, tool, usage_chunk
from support.streams import PLACES, cut, drain, sse

from gateway.chat import error_event
from gateway.dialects import MESSAGES, RESPONSES
from gateway.dialects._base import Asked, Dialect, error_message, one_system

DIALECTS = pytest.mark.parametrize("dialect", [MESSAGES, RESPONSES], ids=lambda dialect: dialect.name)
BODY = {"thinking": {"type": "adaptive"}}
ASKED = Asked(BODY, {"messages": [{"role": "user", "content": "one two three"}]}, "asked-model", "0a1b", 1_800_000_000)
HELLO = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"})]
DONE = b"[DONE]"


def retold(dialect: Dialect, *chunks: Any, asked: Asked = ASKED) -> bytes:
    return drain(dialect.stream(asked), [sse(*chunks)])


@DIALECTS
@settings(max_examples=80, deadline=None)
@given(answers(), PLACES, st.booleans())
def test_an_answer_arrives_whole_however_it_is_cut(
    dialect: Dialect, answer: tuple[list[Any], str, str, list[Any]], places: list[int], counted: bool
) -> None:
    chunks, text, reasoning, inputs = answer
    usage = [usage_chunk(prompt_tokens=7, completion_tokens=3, total_tokens=10)] if counted else []
    data = sse(*chunks, *usage, DONE)
    whole = drain(dialect.stream(ASKED), [data])
    assert drain(dialect.stream(ASKED), cut(data, places)) == whole
    if dialect is MESSAGES:
        message = message_of(events(whole))
        blocks = message["content"]
        assert "".join(block["text"] for block in blocks if block["type"] == "text") == text
        assert "".join(block["thinking"] for block in blocks if block["type"] == "thinking") == reasoning
        assert sorted(
            [(block["id"], block["input"]) for block in blocks if block["type"] == "tool_use"], key=lambda pair: pair[0]
        ) == [(f"t{number}", value) for number, value in enumerate(inputs)]
        assert message["stop_reason"] == ("tool_use" if inputs else "end_turn")
        assert not counted or message["usage"]["input_tokens"] == 7
    else:
        response = response_of(events(whole))
        found = {"message": "", "reasoning": ""}
        calls = []
        for item in response["output"]:
            if item["type"] == "function_call":
                calls.append((item["call_id"], json.loads(item["arguments"])))
            else:
                found[item["type"]] += "".join(part["text"] for part in item["content"])
        assert found == {"message": text, "reasoning": reasoning}
        assert sorted(calls, key=lambda pair: pair[0]) == [(f"t{n}", value) for n, value in enumerate(inputs)]
        assert not counted or response["usage"]["input_tokens"] == 7


@DIALECTS
@given(st.binary(max_size=300), PLACES)
def test_no_upstream_breaks_a_stream(dialect: Dialect, data: bytes, places: list[int]) -> None:
    events(drain(dialect.stream(ASKED), cut(data, places)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "content",
                    "tool_calls",
                    "function",
                    "index",
                    "id",
                    "name",
                    "arguments",
                    "usage",
                    "finish_reason",
                    "error",
                    "prompt_tokens",
                    "reasoning_content",
                    "refusal",
                    "text",
                    "model",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@DIALECTS
@settings(max_examples=200, deadline=None)
@given(st.lists(JSON, max_size=4))
def test_no_json_breaks_a_stream_or_an_answer(dialect: Dialect, values: list[Any]) -> None:
    events(retold(dialect, *values))
    events(retold(dialect, *({"choices": [{"delta": value}]} for value in values), DONE))
    for value in values:
        answer = dialect.answer({"choices": [{"message": value}], "usage": value}, ASKED)
        assert json.loads(json.dumps(answer)) == answer


@DIALECTS
def test_half_an_answer_is_an_error(dialect: Dialect) -> None:
    assert events(retold(dialect, *HELLO))[-1]["type"] == "error"


@DIALECTS
@pytest.mark.parametrize("end", [[chunk({}, "stop")], [DONE], [chunk({}, "stop"), DONE]])
def test_either_sign_of_the_end_is_enough(dialect: Dialect, end: list[Any]) -> None:
    last = events(retold(dialect, *HELLO, *end))[-1]["type"]
    assert last in ("message_stop", "response.completed")


@DIALECTS
def test_what_comes_after_the_end_is_ignored(dialect: Dialect) -> None:
    assert retold(dialect, *HELLO, DONE, chunk({"content": "more"}), DONE) == retold(dialect, *HELLO, DONE)


@DIALECTS
def test_an_error_inside_a_stream_arrives_as_one(dialect: Dialect) -> None:
    stream = dialect.stream(ASKED)
    out = stream.feed(sse(*HELLO)) + stream.feed(error_event("out of memory", code="upstream_closed"))
    last = events(out)[-1]
    assert last["type"] == "error"
    assert last["error"]["message"] == "out of memory"
    assert stream.feed(sse(chunk({"content": "more"}))) + stream.end() == b""


@DIALECTS
def test_broke_says_so_once_and_not_after_a_whole_answer(dialect: Dialect) -> None:
    stream = dialect.stream(ASKED)
    stream.feed(sse(*HELLO))
    assert events(stream.broke("gone", "upstream_closed"))[-1]["error"]["message"] == "gone"
    assert stream.broke("gone", "upstream_closed") == b""
    whole = dialect.stream(ASKED)
    whole.feed(sse(*HELLO, DONE))
    assert whole.broke("gone", "upstream_closed") == b""


@DIALECTS
def test_a_sign_of_life_becomes_one(dialect: Dialect) -> None:
    stream = dialect.stream(ASKED)
    assert stream.feed(b": PROCESSING\n\n") == {"anthropic": b'event: ping\ndata: {"type":"ping"}\n\n'}.get(
        dialect.name, b": waiting\n\n"
    )


@DIALECTS
def test_an_answer_begins_with_the_first_chunk(dialect: Dialect) -> None:
    assert events(dialect.stream(ASKED).feed(sse(HELLO[0])))[0]["type"] in ("message_start", "response.created")


@DIALECTS
def test_usage_is_estimated_where_none_is_told(dialect: Dialect) -> None:
    stream = dialect.stream(ASKED)
    stream.feed(sse(*HELLO, DONE))
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (5, 2)


@DIALECTS
def test_only_the_first_choice_is_told(dialect: Dialect) -> None:
    other = {**chunk({"content": "other"}), "choices": [{"index": 1, "delta": {"content": "other"}}]}
    assert retold(dialect, *HELLO, other, DONE) == retold(dialect, *HELLO, DONE)


@DIALECTS
def test_a_tool_call_without_id_gets_one_and_its_extra_travels_in_it(dialect: Dialect) -> None:
    extra = {"google": {"thought_signature": "c2ln"}}
    first = tool(0, "", "f")
    first["choices"][0]["delta"]["tool_calls"][0]["extra_content"] = extra
    out = events(retold(dialect, first, arguments(0, "{}"), chunk({}, "tool_calls"), DONE))
    if dialect is MESSAGES:
        identity = message_of(out)["content"][0]["id"]
        back = {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": identity, "name": "f"}]}]}
    else:
        identity = response_of(out)["output"][0]["call_id"]
        back = {"input": [{"type": "function_call", "call_id": identity, "name": "f", "arguments": "{}"}]}
    call = dialect.chat(back)["messages"][0]["tool_calls"][0]
    assert call["extra_content"] == extra
    assert call["id"].endswith("_0a1b_0")


def test_leading_system_messages_become_one() -> None:
    def system(text: str) -> dict[str, Any]:
        return {"role": "system", "content": text}

    user = {"role": "user", "content": "Hi"}
    assert one_system([system("a"), system("b"), user, system("c")]) == [system("a\n\nb"), user, system("c")]
    assert one_system([system("a"), user]) == [system("a"), user]
    assert one_system([]) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "b"}, "b"),
        ({"message": "c"}, "c"),
        ([{"error": {"message": "d"}}], "d"),
        ({"detail": "e"}, "e"),
        ({"detail": [{"msg": "f"}, {"msg": "g"}]}, "f g"),
        (None, ""),
        ("text", ""),
        ({}, ""),
    ],
)
def test_the_words_of_an_error(body: Any, message: str) -> None:
    assert error_message(body) == message
