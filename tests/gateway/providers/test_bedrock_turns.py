"""Turns and tools of a Converse request."""

from __future__ import annotations

from typing import Any

import pytest
from support.provider_checks import CALLED, IMAGE, RESULTS, SCHEMA, SYSTEM, TOOL, USER

from gateway.providers._base import ProviderError
from gateway.providers._bedrock_turns import tool_config, turns, used_tools
from gateway.providers._translated import Wanted


def test_turns_alternate_and_keep_every_tool_call() -> None:
    assert turns([SYSTEM, USER, USER, CALLED, *RESULTS, {"role": "assistant", "content": ""}, USER]) == [
        {"role": "user", "content": [{"text": USER["content"]}, {"text": USER["content"]}]},
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Paris"}}},
                {"toolUse": {"toolUseId": "call_2", "name": "weather", "input": {"city": "Rome"}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "call_1", "content": [{"json": {"sky": "clear"}}]}},
                {"toolResult": {"toolUseId": "call_2", "content": [{"text": "rain"}]}},
            ],
        },
        {"role": "user", "content": [{"text": USER["content"]}]},
    ]


def test_images_only_as_data() -> None:
    block = turns([IMAGE])[0]["content"][1]
    assert block == {"image": {"format": "png", "source": {"bytes": "QUJD"}}}
    for url in ("https://host/a.png", "data:image/tiff;base64,QUJD"):
        part = {"type": "image_url", "image_url": {"url": url}}
        with pytest.raises(ProviderError, match="data URLs only"):
            turns([{"role": "user", "content": [part]}])


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ProviderError, match="not a JSON object"):
        turns([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "3"}}]}])


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        ({"function": {"name": "weather"}}, {"tool": {"name": "weather"}}),
        (None, None),
    ],
)
def test_choices(choice: Any, made: Any) -> None:
    found = tool_config(Wanted(tools=[TOOL], tool_choice=choice), used=False)
    assert found["tools"] == [
        {"toolSpec": {"name": "weather", "description": "Weather of a city", "inputSchema": {"json": SCHEMA}}}
    ]
    assert found.get("toolChoice") == made


def test_no_choice_means_no_tools_unless_they_were_used() -> None:
    none = Wanted(tools=[TOOL], tool_choice="none")
    assert tool_config(none, used=False) == {}
    assert "toolChoice" not in tool_config(none, used=True)
    assert used_tools([USER, CALLED]) and used_tools(RESULTS) and not used_tools([USER, SYSTEM])
