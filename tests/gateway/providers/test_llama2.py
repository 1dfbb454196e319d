"""Llama 2 raw, behind Ollama and behind an OpenAI-compatible server."""

from __future__ import annotations

from typing import Any

import pytest
from support.kong_cases import asked, covers, sent, told
from support.provider_checks import USER, answered, call, message, request, streamed, survives
from support.streams import lines, sse, text_of

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import COMPLETIONS, Call, ProviderError

TURNS = [
    {"role": "system", "content": "You are a mathematician."},
    {"role": "user", "content": "What is 1 + 2?"},
    {"role": "assistant", "content": "3"},
    {"role": "user", "content": "Multiply that by 2"},
]
ANSWER = {"data": [{"generated_text": "[INST] hi [/INST] The capital is Paris."}]}


def raw(**more: Any) -> Call:
    given = {name: more.pop(name) for name in ("stream", "newest", "route_type") if name in more}
    return call("llama2", llama2_format="raw", upstream_url="http://127.0.0.1:8911/llama-raw", **given, **more)


def test_raw_as_kong_sends_and_answers() -> None:
    assert request("llama2", asked("llama2raw chat"), raw()) == sent("llama2raw chat")
    assert covers(answered("llama2", ANSWER, raw()), told("llama2raw chat"))
    assert not get("llama2").passes(raw())


def test_kongs_worked_example_and_what_it_leaves_out() -> None:
    made = raw(max_tokens=512, temperature=0.5, top_k=40, top_p=1)
    head = "<s>[INST] <<SYS>> You are a mathematician. <</SYS>> What is 1 + 2? [/INST]"
    assert request("llama2", {"messages": TURNS}, made) == {
        "inputs": head + " <s>[INST] Multiply that by 2 [/INST]",
        "parameters": {"max_new_tokens": 512, "temperature": 0.5, "top_k": 40, "top_p": 1, "stream": False},
    }
    made = raw(newest=True)
    assert (
        request("llama2", {"messages": TURNS}, made)["inputs"] == head + " 3 </s> <s>[INST] Multiply that by 2 [/INST]"
    )


def test_a_raw_completion_is_wrapped_the_same() -> None:
    made = raw(route_type=COMPLETIONS)
    assert request("llama2", {"prompt": "Once"}, made)["inputs"] == "<s>[INST] Once [/INST]"
    assert answered("llama2", ANSWER, made)["choices"][0]["text"] == "The capital is Paris."


@pytest.mark.parametrize(
    "body", [ANSWER, ANSWER["data"], ANSWER["data"][0], {"generated_text": "The capital is Paris."}], ids=range(4)
)
def test_raw_answers_in_every_wrapping(body: Any) -> None:
    assert message(answered("llama2", body, raw()))["content"] == "The capital is Paris."


def test_raw_answers_with_details_are_counted() -> None:
    details = {"finish_reason": "length", "generated_tokens": 7, "prefill": [{}, {}]}
    whole = answered("llama2", {"generated_text": "x", "details": details}, raw())
    assert Usage.from_openai(whole["usage"]) == Usage(2, 7, 9)
    assert whole["choices"][0]["finish_reason"] == "length"


def test_other_answers_are_refused() -> None:
    with pytest.raises(ProviderError, match="overloaded"):
        get("llama2").response({"error": "overloaded"}, raw())
    with pytest.raises(ProviderError, match="'generated_text' not in llama2"):
        get("llama2").response({"hello": "world"}, raw())


EVENTS = [
    {"token": {"text": "The capital", "special": False}, "generated_text": None},
    {"token": {"text": " is Paris.", "special": False}, "generated_text": None},
    {"token": {"text": "</s>", "special": True}, "generated_text": "The capital is Paris.",
     "details": {"finish_reason": "eos_token", "generated_tokens": 7}},
]  # fmt: skip


def test_a_raw_stream() -> None:
    found, usage = streamed("llama2", sse(*EVENTS), raw(stream=True), include_usage=True)
    assert text_of(found) == "The capital is Paris."
    assert usage == Usage(0, 7, 7)
    found, _ = streamed("llama2", sse(ANSWER["data"][0]), raw(stream=True))
    assert text_of(found) == "The capital is Paris."
    found, _ = streamed("llama2", sse(EVENTS[0], {"error": "gone"}), raw(stream=True))
    assert found[-1]["error"]["message"] == "gone"


def test_mangled_recordings() -> None:
    survives("llama2", raw(stream=True), ANSWER, EVENTS, lambda given: sse(*given))


def test_behind_ollama_as_kong_sends_and_answers() -> None:
    made = call("llama2", llama2_format="ollama", upstream_url="http://127.0.0.1:8911/ollama/api/chat")
    body = {
        "model": "llama2", "created_at": "2024-01-15T08:13:38.876196Z", "done": True, "prompt_eval_count": 26,
        "message": {"role": "assistant", "content": "The capital is Paris."}, "eval_count": 7,
    }  # fmt: skip
    assert request("llama2", asked("llama2ollama chat"), made) == sent("llama2ollama chat")
    assert covers(answered("llama2", body, made), told("llama2ollama chat"))
    found, _ = streamed("llama2", lines(body), Call(made.route_type, "llama2", made.options, stream=True))
    assert text_of(found) == "The capital is Paris."


def test_openai_format_passes() -> None:
    made = call("llama2", llama2_format="openai", upstream_url="http://127.0.0.1:8911/v1/chat/completions")
    assert get("llama2").passes(made)
    assert request("llama2", {"messages": [USER], "top_k": 3}, made) == {
        "messages": [USER], "model": "llama2", "stream": False,
    }  # fmt: skip


def test_it_has_no_address_of_its_own() -> None:
    with pytest.raises(ProviderError, match="upstream_url"):
        get("llama2").url(call("llama2", llama2_format="raw"))
