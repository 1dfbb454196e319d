"""What providers with a dialect of their own share: settings read once, and streams that end well."""

from __future__ import annotations

from typing import Any

import pytest
from support.provider_checks import SYSTEM, TOOL, USER, call
from support.streams import check_chunks, sse

from gateway.chat import Usage
from gateway.providers._base import ProviderError
from gateway.providers._translated import Translation, Wanted, as_chat, finish, settings, system_text


def test_settings_have_the_configurations_values_over_the_clients() -> None:
    wanted = settings({"temperature": 0.9, "top_p": None, "n": 2}, call(temperature=0.1, max_tokens=5, input_cost=3))
    assert dict(wanted) == {"temperature": 0.1, "n": 2, "max_tokens": 5}
    assert wanted["missing"] is None


def test_the_limit_under_both_names() -> None:
    assert Wanted(max_completion_tokens=3).limit == 3
    assert Wanted(max_completion_tokens=3, max_tokens=5).limit == 5
    assert Wanted().limit is None


@pytest.mark.parametrize(
    ("given_", "chosen"),
    [
        ("auto", "auto"),
        ({"type": "function", "function": {"name": "f"}}, "=f"),
        ({"type": "function"}, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_the_chosen_tool(given_: Any, chosen: str) -> None:
    assert Wanted(tool_choice=given_).chosen_tool == chosen


def test_functions_without_a_name_are_left_out() -> None:
    assert Wanted(tools=[TOOL, {}, 3, {"function": {"name": ""}}]).functions == [TOOL["function"]]
    assert Wanted(tools="x").functions == []


@pytest.mark.parametrize(
    ("given_", "schema"),
    [
        ({"type": "json_schema", "json_schema": {"name": "n", "schema": {"a": 1}}}, {"a": 1}),
        ({"type": "json_schema", "schema": {"a": 1}}, {"a": 1}),
        ({"type": "json_object"}, {}),
        ({"type": "json_object", "schema": {"a": 1}}, {"a": 1}),
        ({"type": "text"}, None),
        (None, None),
        ("json", None),
    ],
)
def test_the_schema_of_an_answer(given_: Any, schema: Any) -> None:
    assert Wanted(response_format=given_).json_schema == schema


def test_messages_or_a_prompt() -> None:
    assert as_chat({"messages": [USER]}) == [USER]
    assert as_chat({"prompt": "Once"}) == [{"role": "user", "content": "Once"}]
    bad: list[dict[str, Any]] = [
        {},
        {"messages": []},
        {"messages": "x"},
        {"messages": [1]},
        {"prompt": 3},
        {"prompt": None},
    ]
    for body in bad:
        with pytest.raises(ProviderError, match="doesn't contain valid prompts"):
            as_chat(body)
    assert system_text([SYSTEM, USER, SYSTEM], " + ") == "You are a helper. + You are a helper."


def test_finish_reasons() -> None:
    table = {"done": "stop", "cut": "length"}
    assert [finish(table, word) for word in ("done", "cut", "odd", None, 3)] == [
        "stop",
        "length",
        "stop",
        "stop",
        "stop",
    ]
    assert finish(table, "done", has_tools=True) == "tool_calls"
    assert finish(table, "cut", has_tools=True) == "length"


class Echo(Translation):
    """A dialect of one word per event."""

    def event(self, value: dict[str, Any], name: str) -> bytes:
        if "usage" in value:
            self._usage = Usage.of(value["usage"], 1)
        if "bad" in value:
            return self.fail(value["bad"], "code")
        self.reason = value.get("reason", self.reason)
        return self.chunks.text(value.get("text", ""))


def run(data: bytes, include_usage: bool = False) -> tuple[list[Any], Echo]:
    stream = Echo(call("m", stream=True), 7, "", include_usage)
    return check_chunks(stream.feed(data) + stream.end()), stream


def test_a_good_end() -> None:
    found, stream = run(sse({"text": "a", "usage": 3}, {"reason": "stop"}), include_usage=True)
    assert [chunk if isinstance(chunk, str) else sorted(chunk) for chunk in found][-1] == "[DONE]"
    assert (found[0]["id"], found[0]["created"], found[0]["model"]) == ("chatcmpl-7", 7, "m")
    assert found[-2]["usage"]["prompt_tokens"] == 3
    assert (stream.usage, stream.error, stream.text_length) == (Usage(3, 1, 4), "", 1)


def test_usage_is_sent_only_where_it_was_asked_for_and_known() -> None:
    assert "usage" not in run(sse({"usage": 3}, {"reason": "stop"}))[0][-2]
    assert "usage" not in run(sse({"reason": "stop"}), include_usage=True)[0][-2]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "before the answer was complete"),
        (sse({"text": "a"}), "before the answer was complete"),
        (sse(b"{oops"), "is not JSON"),
        (sse(b"\xff"), "is not JSON"),
        (sse({"bad": "gone"}), "gone"),
        (sse({"bad": ""}), "the upstream reported an error"),
        (b"data: " + b"x" * (9 << 20), "longer than"),
    ],
)
def test_bad_ends(data: bytes, text: str) -> None:
    found, stream = run(data)
    assert text in found[-1]["error"]["message"]
    assert text in stream.error


def test_nothing_follows_an_error() -> None:
    found, stream = run(sse({"bad": "gone"}, {"text": "more"}, {"reason": "stop"}))
    assert len(found) == 1
    assert stream.feed(sse({"text": "more"})) == b""


def test_values_that_are_no_objects_and_done_are_passed_over() -> None:
    found, _ = run(sse(b"[DONE]", [1], "x", None, {"text": "a", "reason": "stop"}))
    assert len(found) == 3
