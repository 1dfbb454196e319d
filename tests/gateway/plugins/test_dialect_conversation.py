"""What clients of other dialects get back: answers, streams, errors; and that it is all counted."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialect_checks import chunk, events, message_of, response_of, usage_chunk
from support.exchange import Answer, Gateway, Told
from support.streams import sse

from gateway.values import UpstreamError

HI = {"max_tokens": 9, "messages": [{"role": "user", "content": "one two three"}]}
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-6-luna-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19},
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-5-5",
    "content": [{"type": "text", "text": "Paris."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 12, "cache_read_input_tokens": 3, "output_tokens": 4},
}
MESSAGE_EVENTS = sse(
    {"type": "message_start", "message": {**MESSAGE, "content": [], "usage": {"input_tokens": 12, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Paris."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
    named=True,
)
CHUNKS = [
    sse(chunk({"role": "assistant", "content": ""}), chunk({"content": "Pa"})),
    sse(chunk({"content": "ris."}), chunk({}, "stop")),
    sse(usage_chunk(prompt_tokens=9, completion_tokens=2, total_tokens=11), b"[DONE]"),
]
SSE = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}
ANTHROPIC = {
    "model": {"provider": "anthropic", "name": "claude-haiku-5-5", "options": {"anthropic_version": "2023-06-01"}}
}
ELSEWHERE = {"model": {"options": {"upstream_url": "http://up.test/v1/chat/completions"}}}


def gateway(**changes: Any) -> Gateway:
    model = {"provider": "openai", "name": "gpt-6-luna", **changes.pop("model", {})}
    config = {"route_type": "llm/v1/chat", "model": model, **changes}
    route = {"name": "r", "paths": ["/"], "plugins": [{"name": "ai-proxy", "config": config}]}
    return Gateway({"services": [{"name": "s", "url": "http://unused.test", "routes": [route]}]})


def messages(**changes: Any) -> Gateway:
    return gateway(llm_format="anthropic", **changes)


def responses(**changes: Any) -> Gateway:
    return gateway(route_type="llm/v1/responses", **changes)


def whole(value: Any, status: int = 200) -> Answer:
    return Answer(status, JSON, value if isinstance(value, bytes) else json.dumps(value).encode())


def ask(made: Gateway, answer: Answer, body: Any = None, headers: Any = (), **more: Any) -> Told:
    return made.ask("POST", "/", headers, {**(HI if body is None else body), **more}, answer=answer)


def counted(made: Gateway) -> tuple[int, int]:
    line = json.loads(made.runtime.lines[-1])
    return line["prompt_tokens"], line["completion_tokens"]


# -- translated -----------------------------------------------------------------------------------------------------


def test_a_chat_comes_back_as_a_message() -> None:
    made = messages()
    told = ask(made, whole(CHAT))
    assert told.json["content"] == [{"type": "text", "text": "Paris."}]
    assert told.header("request-id") == f"req_{told.json['id'].removeprefix('msg_')}"
    assert told.header("content-type") == "application/json"
    assert told.header("x-kong-llm-model") == "openai/gpt-6-luna"
    assert counted(made) == (9, 10)


def test_a_chat_comes_back_as_a_response() -> None:
    made = responses(**ELSEWHERE)
    told = ask(made, whole(CHAT), {"input": "Hi"})
    assert told.json["output"][0]["content"][0]["text"] == "Paris."
    assert told.json["usage"]["total_tokens"] == 19
    assert counted(made) == (9, 10)


def test_streams_come_back_in_the_clients_dialect() -> None:
    made = messages()
    told = ask(made, Answer(200, SSE, CHUNKS), stream=True)
    assert told.header("content-type") == "text/event-stream"
    message = message_of(events(told.body))
    assert (message["content"][0]["text"], message["usage"]["output_tokens"]) == ("Paris.", 2)
    assert counted(made) == (9, 2)
    made = responses(**ELSEWHERE)
    told = ask(made, Answer(200, SSE, CHUNKS), {"input": "Hi"}, stream=True)
    assert response_of(events(told.body))["output"][0]["content"][0]["text"] == "Paris."
    assert counted(made) == (9, 2)


def test_a_third_dialect_in_between() -> None:
    made = responses(**ANTHROPIC)
    told = ask(made, whole(MESSAGE), {"input": "Hi"})
    assert told.json["output"][0]["content"][0]["text"] == "Paris."
    told = ask(made, Answer(200, SSE, [MESSAGE_EVENTS]), {"input": "Hi"}, stream=True)
    assert response_of(events(told.body))["output"][0]["content"][0]["text"] == "Paris."
    assert counted(made) == (12, 4)


def test_an_upstream_that_does_not_stream_is_told_as_a_stream() -> None:
    told = ask(messages(), whole(CHAT), stream=True)
    assert told.header("content-type") == "text/event-stream"
    assert message_of(events(told.body))["content"] == [{"type": "text", "text": "Paris."}]


def test_a_stream_under_the_name_of_json() -> None:
    auth = {"header_name": "x-goog-api-key", "header_value": "k"}
    made = messages(model={"provider": "gemini", "name": "gemini-3.8-flash"}, auth=auth)
    event = {"candidates": [{"content": {"parts": [{"text": "Paris."}]}, "finishReason": "STOP"}]}
    told = ask(made, whole(sse(event)), stream=True)
    assert message_of(events(told.body))["content"] == [{"type": "text", "text": "Paris."}]


def test_compressed_answers_are_compressed_for_who_asks() -> None:
    packed = Answer(200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(json.dumps(CHAT).encode()))
    assert ask(messages(), packed).json["content"][0]["text"] == "Paris."
    told = ask(messages(), whole(CHAT), headers={"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(told.body))["content"][0]["text"] == "Paris."


def test_an_estimate_where_nothing_is_told() -> None:
    made = messages()
    told = ask(made, whole({**CHAT, "usage": None}))
    assert told.json["usage"]["output_tokens"] > 0
    assert counted(made)[0] == 3
    assert json.loads(made.runtime.lines[-1])["estimated"] is True


# -- native ---------------------------------------------------------------------------------------------------------


def test_anthropics_own_answer_keeps_every_byte() -> None:
    made = messages(**ANTHROPIC)
    raw = json.dumps(MESSAGE, indent=3).encode()
    told = ask(made, Answer(200, {**JSON, "request-id": "req_theirs"}, raw))
    assert (told.body, told.header("request-id")) == (raw, "req_theirs")
    assert counted(made) == (15, 4)


def test_anthropics_own_stream_keeps_every_byte() -> None:
    made = messages(**ANTHROPIC)
    pieces = [MESSAGE_EVENTS[at : at + 7] for at in range(0, len(MESSAGE_EVENTS), 7)]
    told = ask(made, Answer(200, SSE, pieces), stream=True)
    assert told.body == MESSAGE_EVENTS
    assert counted(made) == (12, 4)


def test_openais_own_responses_keep_every_byte() -> None:
    made = responses()
    raw = b'{"id":"resp_1","model":"gpt-6-luna","output":[],"usage":{"input_tokens":3,"output_tokens":4}} '
    assert ask(made, whole(raw), {"input": "Hi"}).body == raw
    assert counted(made) == (3, 4)
    done = {"type": "response.completed", "response": {"usage": {"input_tokens": 5, "output_tokens": 6}}}
    stream = sse({"type": "response.created", "response": {"usage": None}}, done, named=True)
    assert ask(made, Answer(200, SSE, [stream[:30], stream[30:]]), {"input": "Hi"}, stream=True).body == stream
    assert counted(made) == (5, 6)


def test_a_native_answer_without_usage_is_estimated_by_its_text() -> None:
    made = messages(**ANTHROPIC)
    ask(made, whole({**MESSAGE, "usage": None, "content": [{"type": "text", "text": "x" * 40}]}))
    assert counted(made) == (3, 10)
    made = responses()
    ask(made, whole({"output": [{"content": [{"type": "output_text", "text": "x" * 20}]}]}), {"input": "one two"})
    assert counted(made) == (2, 5)


def test_embeddings_are_counted() -> None:
    made = gateway(route_type="llm/v1/embeddings")
    raw = b'{"object":"list","data":[{"embedding":"AAAA"}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}'
    assert ask(made, whole(raw), {"input": "x"}).body == raw
    assert counted(made) == (8, 0)
    ask(made, whole(b'{"data":[]}'), {"input": "a few words"})
    assert counted(made) == (3, 0)


# -- trouble --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (429, b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}', "rate_limit_error", "slow down"),
        (401, b'{"message":"Unauthorized"}', "authentication_error", "Unauthorized"),
        (503, b"<html>", "api_error", "OpenAI is not available now (503)"),
        (400, b'{"error":{"message":"Too big","code":"context_length_exceeded"}}', "invalid_request_error",
         "prompt is too long: Too big"),
    ],
)  # fmt: skip
def test_an_upstreams_refusal_is_translated(status: int, body: bytes, kind: str, message: str) -> None:
    refusal = Answer(status, {"Content-Type": "text/plain", "Retry-After": "7"}, body)
    for stream in (False, True):
        told = ask(messages(), refusal, stream=stream)
        assert (told.status, told.json["error"]) == (status, {"type": kind, "message": message})
        assert (told.header("content-type"), told.header("retry-after")) == ("application/json", "7")
    told = ask(responses(**ELSEWHERE), refusal, {"input": "Hi"})
    assert told.json["error"]["message"] == message.removeprefix("prompt is too long: ")


def test_a_native_refusal_keeps_every_byte() -> None:
    raw = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}'
    assert ask(messages(**ANTHROPIC), whole(raw, 529)).body == raw


@pytest.mark.parametrize("made", [messages(), messages(**ANTHROPIC), responses(**ELSEWHERE), responses()])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"hello":1}', b'{"choices":1,"content":1,"output":1}'])
def test_an_answer_that_is_none_is_a_bad_gateway(made: Gateway, body: bytes) -> None:
    told = ask(made, whole(body), {**HI, "input": "Hi"})
    assert told.status == 502
    assert told.json["error"]["message"].startswith("transformation failed from type ")


@pytest.mark.parametrize("made", [messages(), messages(**ANTHROPIC), responses(**ELSEWHERE), responses()])
def test_a_silent_upstream_is_named_with_a_remedy(made: Gateway) -> None:
    error = Answer(error=UpstreamError("refused", "connection refused", False))
    told = ask(made, error, {**HI, "input": "Hi"})
    assert told.status == 502
    assert told.json["error"]["message"].endswith("connection refused: start the model server, or correct the "
                                                  "upstream URL")  # fmt: skip


@pytest.mark.parametrize("made", [messages(), messages(**ANTHROPIC), responses(**ELSEWHERE), responses()])
def test_a_stream_that_breaks_off_ends_with_an_error_event(made: Gateway) -> None:
    native = made.snapshot.plugins and next(iter(made.snapshot.plugins.values())).client.native  # type: ignore[attr-defined]
    pieces = [MESSAGE_EVENTS[:200]] if native else CHUNKS[:1]
    broken = Answer(200, SSE, pieces, broken=UpstreamError("closed", "connection closed", True))
    told = ask(made, broken, {**HI, "input": "Hi"}, stream=True)
    last = json.loads(told.body.rstrip().rsplit(b"data: ", 1)[1])
    assert "connection closed" in last["error"]["message"]
    assert told.body.endswith(b"\n\n")


def test_a_connection_that_breaks_after_the_answer_harms_nothing() -> None:
    broken = Answer(200, SSE, CHUNKS, broken=UpstreamError("closed", "connection closed", True))
    assert message_of(events(ask(messages(), broken, stream=True).body))["content"][0]["text"] == "Paris."
    broken = Answer(200, SSE, [MESSAGE_EVENTS], broken=UpstreamError("closed", "connection closed", True))
    assert ask(messages(**ANTHROPIC), broken, stream=True).body == MESSAGE_EVENTS
    done = sse(
        {"type": "response.completed", "response": {"usage": {"input_tokens": 5, "output_tokens": 6}}}, named=True
    )
    broken = Answer(200, SSE, [done], broken=UpstreamError("closed", "connection closed", True))
    assert ask(responses(), broken, {"input": "Hi"}, stream=True).body == done


def test_streams_of_every_dialect_are_logged_as_text() -> None:
    logging = {"log_payloads": True, "log_statistics": True}
    for made, body in ((messages(logging=logging), HI), (responses(logging=logging, **ELSEWHERE), {"input": "Hi"})):
        told = ask(made, Answer(200, SSE, CHUNKS), body, stream=True)
        plugin = next(iter(made.snapshot.plugins.values()))
        assert plugin.logged(told.exchange)["ai"]["proxy"]["payload"]["response"] == "Paris."


@given(st.binary(max_size=200), st.booleans(), st.sampled_from([messages(), messages(**ANTHROPIC), responses()]))
def test_no_answer_breaks_the_gateway(body: bytes, stream: bool, made: Gateway) -> None:
    kind = "text/event-stream" if stream else "application/json"
    told = ask(made, Answer(200, {"Content-Type": kind}, body), {**HI, "input": "Hi"}, stream=stream)
    assert told.status in (200, 502)
