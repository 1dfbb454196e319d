"""Plugins on the short way: nobody can tell it from the general one, whatever is asked and answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.two_ways import ANSWER, CHAT, LINES, TwoWays, answered, asked

KEYED = {"consumers": [{"username": "ann", "keyauth_credentials": [{"key": "k-canary-3"}]}]}
KEY: dict[str, Any] = {"name": "key-auth", "config": {}}
GUARD = {"name": "ai-prompt-guard", "config": {"deny_patterns": [".*secret plan.*"], "allow_patterns": ["[a-z ]"]}}
DECORATOR = {
    "name": "ai-prompt-decorator",
    "config": {"prompts": {"prepend": [{"role": "user", "content": "Briefly."}], "append": [{"content": "Thanks"}]}},
}
METRICS = {
    "name": "prometheus",
    "config": {
        "status_code_metrics": True,
        "latency_metrics": True,
        "bandwidth_metrics": True,
        "ai_metrics": True,
        "per_consumer": True,
    },
}
STREAM = {**LINES, "Content-Type": "text/event-stream"}
EVENTS = (
    b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}\n\n'
    b"data: [DONE]\n\n"
)


def limit(*limits: int, **more: Any) -> dict[str, Any]:
    sizes = [60, 3600, 86400][: len(limits)]
    config = {"llm_providers": [{"name": "openai", "limit": list(limits), "window_size": sizes}], **more}
    return {"name": "ai-rate-limiting-advanced", "config": {"strategy": "local", **config}}


def ways_of(*plugins: dict[str, Any], **config: Any) -> TwoWays:
    logging = {"log_statistics": True}
    return TwoWays(*plugins, request=asked(apikey="k-canary-3"), more=KEYED, logging=logging, **config)


def said(*texts: str, **more: Any) -> bytes:
    return asked({"messages": [{"role": "user", "content": text} for text in texts], **more}, apikey="k-canary-3")


@pytest.mark.parametrize(
    "plugins",
    [[KEY], [GUARD], [DECORATOR], [METRICS], [limit(100)], [KEY, limit(1000, 2000), GUARD, DECORATOR, METRICS]],
    ids=lambda plugins: "+".join(plugin["name"] for plugin in plugins),
)
def test_a_route_with_these_goes_the_short_way(plugins: list[dict[str, Any]]) -> None:
    ways = ways_of(*plugins)
    for number in range(3):
        ways.sent(said("hello", f"number {number}"))
        assert ways.express.short
        ways.got(answered())


def test_what_the_decorator_adds_stands_around_what_the_client_wrote() -> None:
    ways = ways_of(DECORATOR)
    sent = ways.sent(asked(b'{"n" : 1.50, "messages" : [ {"role":"user" , "content":"a"} ] }', apikey="k-canary-3"))
    assert ways.express.short
    assert sent.endswith(
        b'{"model":"gpt-6-luna","n":1.50,"messages":[{"role":"user","content":"Briefly."}, '
        b'{"role":"user" , "content":"a"} ,{"role":"system","content":"Thanks"}]}'
    )


def test_the_guard_judges_each_request() -> None:
    ways = ways_of(GUARD, DECORATOR)
    assert ways.sent(said("hello", "the secret plan")) == b""
    assert ways.refused().startswith(b"HTTP/1.1 400 ")
    assert ways.sent(said("THE SECRET"))  # the decorator's words are allowed, and the guard sees them
    ways.got(answered())


def test_a_limit_is_as_exact_as_ever() -> None:
    ways = ways_of(KEY, limit(36, 1000, window_type="fixed"))
    for left in (24, 12):
        ways.sent(said("hello"))
        assert ways.express.short
        assert b"X-AI-RateLimit-Remaining-minute-openai: %d\r\n" % left in ways.got(answered())
    assert ways.sent(said("hello")) == b""
    assert ways.refused().startswith(b"HTTP/1.1 429 ")
    for bench in ways.both:
        bench.runtime.pass_time(60)
    ways.sent(said("hello"))
    assert ways.express.short
    assert b"X-AI-RateLimit-Remaining-minute-openai: 36\r\n" in ways.got(answered())


@pytest.mark.parametrize(
    ("strategy", "passing"), [("total_tokens", 2), ("prompt_tokens", 5), ("completion_tokens", 4), ("cost", 5)]
)
@pytest.mark.parametrize("more", [{}, {"hide_client_headers": True}, {"identifier": "ip"}], ids=repr)
def test_every_way_to_count(strategy: str, passing: int, more: dict[str, Any]) -> None:
    ways = ways_of(KEY, limit(30, tokens_count_strategy=strategy, **more))  # the first request has counted here
    passed = 0
    for _ in range(5):
        if ways.sent(said("hello")):
            assert ways.express.short
            ways.got(answered())
            passed += 1
        else:
            assert ways.refused().startswith(b"HTTP/1.1 429 ")
    assert passed == passing


@pytest.mark.parametrize("pieces", [1, 3, 40])
def test_a_stream_is_counted_and_judged(pieces: int) -> None:
    ways = ways_of(KEY, limit(1000), GUARD, DECORATOR, METRICS)
    for _ in range(2):
        ways.sent(said("hello", stream=True))
        assert ways.express.short
        answer = answered(EVENTS, lines=STREAM)
        size = len(answer) // pieces + 1
        ways.got(*(answer[at : at + size] for at in range(0, len(answer), size)))
    ways.sent(said("hello"))
    assert b"Remaining-minute-openai: 964\r\n" in ways.got(answered())


def test_an_upstream_that_fails_is_counted_too() -> None:
    ways = ways_of(KEY, limit(1000), METRICS)
    ways.sent(said("hello"))
    for bench in ways.both:
        bench.upstream.data_received(b"HTTP/1.1 2")
        bench.upstream.connection_lost(ConnectionResetError())
        bench._loop.turn()
    assert ways.refused().startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize(("plugin", "part"), [(METRICS, "_model"), (limit(1000), "_wall")], ids=["later", "at once"])
def test_a_plugin_that_crashes_after_the_answer_is_named(
    plugin: dict[str, Any], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = ways_of(plugin)
    ((lane, _),) = ways.express.serving.lanes._lanes.values()
    (repeat,) = lane.after
    ways.express.send(said("hello"))
    monkeypatch.setattr(repeat, part, object())
    assert ways.express.answer(answered()).startswith(b"HTTP/1.1 200 ")
    ways.express.recorder.digest()
    name = plugin["name"].encode()
    assert any(b'"plugin":"%b","error":"' % name in line for line in ways.express.runtime.lines)
    monkeypatch.undo()
    ways.express.send(said("hello"))
    assert ways.express.short
    assert ways.express.answer(answered()).startswith(b"HTTP/1.1 200 ")


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "role": st.sampled_from(["user", "USER", "system", "assistant", "tool", "", 5]),
            "content": st.sampled_from(["", "hello", "the secret plan", "\u00e9", '\ud83d\ude00 {"]}'])
            | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.sampled_from(["secret", " plan"])}))
            | st.none(),
            "parts": st.just("the secret plan"),
            "name": st.text(max_size=3),
        },
    ),
    max_size=3,
)
BODIES = st.fixed_dictionaries(
    {"messages": MESSAGES | st.none() | st.just("text")},
    optional={
        "model": st.sampled_from(["gpt-6-luna", "other"]),
        "stream": st.booleans(),
        "prompt": st.text(max_size=5),
        "input": st.just("the secret plan"),
        "system": st.just("the secret plan"),
        "metadata": st.just({"messages": [{"role": "user", "content": "hello"}]}),
        "n": st.just(1.5),
    },
)
PLUGINS = st.lists(
    st.sampled_from([KEY, GUARD, DECORATOR, METRICS, limit(20), limit(40, 30, identifier="ip")]),
    max_size=5,
    unique_by=lambda plugin: str(plugin["name"]),
)


@given(PLUGINS, st.lists(st.tuples(BODIES, st.sampled_from([None, "\t"])), min_size=1, max_size=3))
def test_whatever_is_asked_of_whatever_plugins(plugins: list[dict[str, Any]], bodies: list[Any]) -> None:
    ways = ways_of(*plugins)
    for body, indent in bodies:
        text = json.dumps(body, indent=indent, ensure_ascii=indent is None).encode("utf-8", "replace")
        if ways.sent(asked(text, apikey="k-canary-3")):
            stream = body.get("stream")
            ways.got(answered(EVENTS, lines=STREAM) if stream else answered(ANSWER))
        else:
            ways.refused()


def test_another_head_is_another_caller() -> None:
    ways = ways_of(KEY, METRICS)
    assert ways.sent(asked(CHAT, apikey="wrong")) == b""
    assert ways.refused().startswith(b"HTTP/1.1 401 ")
