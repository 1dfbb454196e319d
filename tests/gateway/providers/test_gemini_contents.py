"""Turns and parts of a request to Gemini."""

from __future__ import annotations

from typing import Any

import pytest
from support.provider_checks import CALLED, IMAGE, RESULTS, SYSTEM, TOOL, USER

from gateway.providers._base import ProviderError
from gateway.providers._gemini_contents import contents, functions, tool_config
from gateway.providers._translated import Wanted


def test_tool_calls_and_results_are_matched_by_name() -> None:
    assert contents([SYSTEM, USER, CALLED, *RESULTS, USER]) == [
        {"role": "user", "parts": [{"text": USER["content"]}]},
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "weather", "args": {"city": "Paris"}}},
                {"functionCall": {"name": "weather", "args": {"city": "Rome"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "weather", "response": {"sky": "clear"}}},
                {"functionResponse": {"name": "weather", "response": {"result": "rain"}}},
            ],
        },
        {"role": "user", "parts": [{"text": USER["content"]}]},
    ]


def test_a_result_that_is_json_but_no_object() -> None:
    turn = contents([{"role": "tool", "name": "f", "content": "[1,2]"}])[0]
    assert turn["parts"] == [{"functionResponse": {"name": "f", "response": {"result": [1, 2]}}}]


def test_images_audio_and_files() -> None:
    audio = {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}
    far = {"type": "image_url", "image_url": {"url": "https://host/a.png"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,UERG"}}
    parts = contents([{"role": "user", "content": [*IMAGE["content"], audio, far, file]}])[0]["parts"]
    assert parts == [
        {"text": "What is this?"},
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}},
        {"fileData": {"fileUri": "https://host/a.png", "mimeType": "image/generic"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "UERG"}},
    ]


def test_an_empty_message_is_still_a_turn() -> None:
    assert contents([{"role": "user", "content": None}]) == [{"role": "user", "parts": [{"text": ""}]}]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ProviderError, match="not a JSON object"):
        contents([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}])


def test_functions_without_parameters_have_none() -> None:
    assert functions(Wanted(tools=[{"function": {"name": "now", "parameters": {}}}, {"function": {}}, 3])) == [
        {"name": "now"}
    ]


@pytest.mark.parametrize(
    ("choice", "mode"), [("auto", "AUTO"), ("none", "NONE"), ("required", "ANY"), ("odd", None), (None, None)]
)
def test_choices(choice: Any, mode: str | None) -> None:
    made = tool_config(Wanted(tools=[TOOL], tool_choice=choice))
    assert made == ({"functionCallingConfig": {"mode": mode}} if mode else {})
