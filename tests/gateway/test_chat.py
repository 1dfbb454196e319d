"""Usage, contents, whole answers and chunks in OpenAI's dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.streams import calls_of, check_chunks, text_of

from gateway import chat
from gateway.chat import Chunks, Usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


# --- usage


@pytest.mark.parametrize(
    ("given_", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(3, 4, 7)),
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4, 7)),
        ({"prompt_tokens": 3, "total_tokens": 3}, Usage(3, 0, 3)),
        ({"input_tokens": 3, "output_tokens": 4}, Usage(3, 4, 7)),
        (
            {
                "prompt_tokens": 8,
                "completion_tokens": 377,
                "total_tokens": 385,
                "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 320},
            },
            Usage(8, 377, 385, 5, 2, 320),
        ),
        (
            {"input_tokens": 8, "output_tokens": 9, "input_tokens_details": {"cached_tokens": 5},
             "output_tokens_details": {"reasoning_tokens": 3}},
            Usage(8, 9, 17, 5, 0, 3),
        ),
        ({"prompt_tokens": 8, "completion_tokens": 1, "prompt_cache_hit_tokens": 6}, Usage(8, 1, 9, 6)),
        # xAI: reasoning beside the completion, in the total only
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115,
             "completion_tokens_details": {"reasoning_tokens": 100}},
            Usage(10, 105, 115, 0, 0, 100),
        ),
        ({"prompt_tokens": 3.0, "completion_tokens": True, "total_tokens": "9"}, Usage(3, 0, 3)),
        ({"prompt_tokens": -3, "completion_tokens": 2**60}, Usage(0, 0, 0)),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({}, None),
        (None, None),
        ([], None),
        ("no usage data returned from upstream", None),
    ],
)  # fmt: skip
def test_usage_from_openai(given_: Any, usage: Usage | None) -> None:
    assert Usage.from_openai(given_) == usage


@given(JSON)
def test_usage_never_raises_and_never_counts_below_nothing(value: Any) -> None:
    for given_ in (value, {"prompt_tokens": value}, {"completion_tokens": 1, "prompt_tokens_details": value}):
        found = Usage.from_openai(given_)
        assert found is None or min(found.prompt_tokens, found.completion_tokens, found.total_tokens) >= 0


@given(st.builds(Usage.of, *[st.integers(0, 1000)] * 2, cached=st.integers(0, 9), reasoning=st.integers(0, 9)))
def test_usage_survives_the_way_out_and_in(usage: Usage) -> None:
    assert Usage.from_openai(usage.to_openai()) == usage


def test_details_are_told_only_where_known() -> None:
    assert Usage(1, 2, 3).to_openai() == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert Usage(1, 2, 3, cached_tokens=1).to_openai()["prompt_tokens_details"] == {"cached_tokens": 1}


def test_estimates_are_kongs() -> None:
    body = {"messages": [{"role": "system", "content": "one two"}, {"content": [{"type": "text", "text": "three"}]}]}
    assert chat.estimate_prompt(body, stream=True) == 5  # 3 words x 1.8
    assert chat.estimate_prompt(body, stream=False) == 3
    assert chat.estimate_prompt({"prompt": "a b c d e"}, stream=True) == 9
    assert chat.estimate_prompt({"prompt": ["a b", "c"]}, stream=False) == 3
    assert [chat.estimate_completion(length) for length in (0, 1, 4, 5)] == [0, 1, 1, 2]


@given(JSON)
def test_estimates_take_anything(value: Any) -> None:
    for body in (value, {"messages": value}, {"messages": [value]}, {"prompt": value}):
        assert chat.estimate_prompt(body, stream=True) >= 0


# --- contents


def test_texts_of_contents() -> None:
    assert chat.text_of("a") == "a"
    assert chat.text_of(None) == ""
    assert chat.text_of([{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}, "c"]) == "a\nb\nc"
    assert chat.text_of([{"type": "text", "text": 3}, 4]) == "\n"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("data:image/png;base64,QUJD", ("image/png", "QUJD")),
        ("DATA:Image/JPEG;charset=x;BASE64,QUJD", ("image/jpeg", "QUJD")),
        ("data:;base64,QUJD", ("text/plain", "QUJD")),
        ("data:image/png,abc", None),
        ("https://host/a,b", None),
        ("", None),
        (None, None),
        ({"url": "x"}, None),
    ],
)
def test_data_urls(url: Any, found: tuple[str, str] | None) -> None:
    assert chat.data_url(url) == found


def test_image_urls_in_both_spellings() -> None:
    assert chat.image_url({"type": "image_url", "image_url": {"url": "u"}}) == "u"
    assert chat.image_url({"type": "image_url", "image_url": "u"}) == "u"
    assert chat.image_url({"type": "text", "text": "t"}) == chat.image_url(None) == ""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('{"a":1}', {"a": 1}),
        ("", {}),
        ("  ", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ("[1]", None),
        ("{", None),
        ("null", {}),
        (7, None),
    ],
)
def test_arguments_of_tool_calls(arguments: Any, found: Any) -> None:
    assert chat.arguments_of({"function": {"name": "f", "arguments": arguments}}) == found


def test_stop_in_both_spellings() -> None:
    assert chat.stop_of({"stop": "a"}) == ["a"]
    assert chat.stop_of({"stop": ["a", 1, "b"]}) == ["a", "b"]
    assert chat.stop_of({"stop": None}) == chat.stop_of({"stop": ""}) == chat.stop_of({}) == []


def test_a_tool_call_always_has_arguments_as_json_text() -> None:
    assert chat.tool_call("i", "f", {"a": "é"})["function"]["arguments"] == '{"a":"é"}'
    assert chat.tool_call("i", "f", None)["function"]["arguments"] == "{}"
    assert chat.tool_call("i", "f", "")["function"]["arguments"] == "{}"


# --- whole answers


CALL = chat.tool_call("call_1", "f", {"a": 1})


def test_an_answer_has_every_member_a_client_reads() -> None:
    whole = chat.answer("id", 7, "m", chat.message_of("hi", "thought"), "stop", Usage(1, 2, 3))
    assert whole == {
        "id": "id",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi", "reasoning_content": "thought"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    assert "usage" not in chat.answer("id", 7, "m", {}, "stop", None)
    assert chat.message_of("", tool_calls=[CALL])["content"] is None
    assert chat.message_of("")["content"] == ""


def test_a_chat_as_a_completion() -> None:
    whole = chat.as_completion(chat.answer("id", 7, "m", chat.message_of("hi"), "length", Usage(1, 2, 3)))
    assert whole["object"] == "text_completion"
    assert whole["choices"] == [{"text": "hi", "index": 0, "logprobs": None, "finish_reason": "length"}]
    assert whole["usage"]["total_tokens"] == 3


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_whole_answer_as_a_stream(include_usage: bool) -> None:
    message = chat.message_of("hi", "thought", [CALL, chat.tool_call("call_2", "g", None)])
    whole = chat.answer("id", 7, "m", message, "tool_calls", Usage(1, 2, 3))
    found = check_chunks(chat.as_stream(whole, include_usage))
    assert (text_of(found), text_of(found, "reasoning_content")) == ("hi", "thought")
    assert calls_of(found) == [
        {"id": "call_1", "name": "f", "arguments": '{"a":1}'},
        {"id": "call_2", "name": "g", "arguments": "{}"},
    ]
    assert found[-2 - include_usage]["choices"][0]["finish_reason"] == "tool_calls"
    assert ("usage" in found[-2]) == include_usage
    if include_usage:
        assert found[-2]["choices"] == []


def test_a_completion_as_a_stream() -> None:
    whole = chat.as_completion(chat.answer("id", 7, "m", chat.message_of("hi"), "stop", None))
    found = check_chunks(chat.as_stream(whole))
    assert text_of(found, "text") == "hi"
    assert {chunk["object"] for chunk in found[:-1]} == {"text_completion"}


@given(JSON)
def test_any_object_becomes_a_stream_that_ends(value: Any) -> None:
    for whole in ({"choices": value}, {"choices": [value]}, {"choices": [{"message": value}]}):
        check_chunks_end = chat.as_stream(whole)
        assert check_chunks_end.endswith(b"data: [DONE]\n\n")


# --- chunks


def test_chunks_share_one_head_and_the_role_comes_once() -> None:
    chunks = Chunks("first", 7, "m")
    chunks.identity = "id"
    out = chunks.text("a") + chunks.text("") + chunks.reasoning("r") + chunks.tool(0, "call_1", "f")
    out += chunks.arguments(0, '{"a"') + chunks.arguments(0, ":1}") + chunks.finish("tool_calls")
    out += chunks.usage(Usage(1, 2, 3)) + chat.DONE
    found = check_chunks(out)
    assert found[0] == {
        "id": "id",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}, "finish_reason": None}],
    }
    assert calls_of(found) == [{"id": "call_1", "name": "f", "arguments": '{"a":1}'}]
    assert found[-2]["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert chunks.text_length == len("ar") + len('{"a":1}')


def test_a_first_chunk_with_a_tool_call_has_null_content_and_its_extra() -> None:
    found = json.loads(Chunks("id", 7, "m").tool(0, "c", "f", {"google": {"thought_signature": "s"}})[6:])
    delta = found["choices"][0]["delta"]
    assert (delta["role"], delta["content"]) == ("assistant", None)
    assert delta["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}


def test_completion_chunks_have_text_only() -> None:
    chunks = Chunks("id", 7, "m", completion=True)
    assert chunks.reasoning("r") == chunks.tool(0, "c", "f") == chunks.arguments(0, "x") == b""
    found = check_chunks(chunks.text("a") + chunks.finish("length") + chat.DONE)
    assert text_of(found, "text") == "a"


def test_an_error_event_is_short_and_whole() -> None:
    event = json.loads(chat.error_event("x" * 5000, code="overloaded")[6:])
    assert event["error"] == {"message": "x" * 2000, "type": "upstream_error", "param": None, "code": "overloaded"}
