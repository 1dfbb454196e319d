"""ai-proxy from the client's request to the client's answer, the upstream played by the test."""

import gzip
import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told

from gateway.errors import ConfigError
from gateway.values import UpstreamError

MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-6-luna-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19},
}


def gateway(**changes: Any) -> Gateway:
    model = {"provider": "openai", "name": "gpt-6-luna", **changes.pop("model", {})}
    config = {
        "route_type": "llm/v1/chat",
        "model": model,
        "auth": {"header_name": "Authorization", "header_value": "Bearer sk-ours"},
        "logging": {"log_statistics": True},
        **changes,
    }
    route = {
        "name": "openai-api_openai-chat",
        "paths": ["~/openai/chat$"],
        "plugins": [{"name": "ai-proxy", "config": config}],
    }
    return Gateway({"services": [{"name": "openai-api", "url": "https://api.openai.com", "routes": [route]}]})


def ask(made: Gateway, body: Any = None, answer: Any = None, headers: Any = (), target: str = "/openai/chat") -> Told:
    answer = answer or Answer(200, {"Content-Type": "application/json"}, json.dumps(CHAT).encode())
    return made.ask("POST", target, headers, {"messages": MESSAGES} if body is None else body, answer=answer)


def test_the_model_is_put_in_and_the_key_replaced() -> None:
    told = ask(gateway(), headers={"Authorization": "Bearer mine"})
    assert told.sent.json == {"model": "gpt-6-luna", "messages": MESSAGES}
    assert told.sent.header("authorization") == "Bearer sk-ours"
    assert told.sent.path == "/v1/chat/completions"
    assert (told.sent.origin.scheme, told.sent.origin.host, told.sent.origin.port) == ("https", "api.openai.com", 443)
    assert (told.status, told.json) == (200, CHAT)
    assert told.header("x-kong-llm-model") == "openai/gpt-6-luna"


def test_the_clients_bytes_are_kept_where_that_is_safe() -> None:
    body = b'{ "messages":[{"role":"user","content":"\\u00e9 12345678901234567890"}], "n": 1.0 }'
    told = gateway().ask("POST", "/openai/chat", {"Content-Type": "application/json"}, body, answer=Answer(200))
    assert told.sent.body == b'{"model":"gpt-6-luna",' + body[1:]


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"evil","model":"gpt-6-luna","messages":[{"role":"user","content":"x"}]}',
        b'{"\\u006dodel":"gpt-6-luna","messages":[{"role":"user","content":"x"}]}',
        b'{"model":null,"messages":[{"role":"user","content":"x"}]}',
        b'{"model":"","messages":[{"role":"user","content":"x"}]}',
    ],
)
def test_a_model_written_strangely_reaches_the_upstream_once(body: bytes) -> None:
    told = gateway().ask("POST", "/openai/chat", {}, body, answer=Answer(200))
    assert told.sent.body.count(b'model"') == 1
    assert told.sent.json["model"] == "gpt-6-luna"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "request body doesn't contain valid prompts"),
        (b"[]", "request body doesn't contain valid prompts"),
        (b'{"messages":[]}', "request body doesn't contain valid prompts"),
        (b'{"messages":[{}],"prompt":"x"}', "request matches multiple LLM request formats"),
        (b'{"prompt":"x"}', "[llm/v1/completions] message format is not compatible with [llm/v1/chat] route type"),
        (b'{"messages":[{}],"model":"other"}', "cannot use own model - must be: gpt-6-luna"),
        (b'{"messages":[{}],"stream":"yes"}', "'stream' must be true or false"),
    ],
)
def test_a_request_that_cannot_go_up_is_400_and_says_why(body: bytes, message: str) -> None:
    told = gateway().ask("POST", "/openai/chat", {}, body)
    assert (told.status, told.json) == (400, {"error": {"message": message}})


def test_the_body_limit_is_a_limit() -> None:
    told = ask(gateway(max_request_body_size=64), {"messages": [{"role": "user", "content": "x" * 100}]})
    assert told.status == 413
    assert "max_request_body_size (64)" in told.json["error"]["message"]


def test_a_chat_longer_than_kongs_default_limit_goes_up() -> None:
    assert ask(gateway(), {"messages": [{"role": "user", "content": "x" * 20_000}]}).status == 200


def test_configured_options_win_and_top_k_is_not_openais() -> None:
    told = ask(
        gateway(model={"options": {"max_tokens": 5, "top_k": 3}}), {"messages": MESSAGES, "max_tokens": 99, "seed": 7}
    )
    assert told.sent.json == {
        "model": "gpt-6-luna",
        "messages": MESSAGES,
        "max_completion_tokens": 5,  # what OpenAI calls max_tokens since its reasoning models
        "seed": 7,
        "stream": False,
    }


def test_any_model_passes_where_none_is_configured() -> None:
    made = gateway(model={"name": None})
    assert ask(made, {"messages": MESSAGES, "model": "theirs"}).sent.json["model"] == "theirs"
    assert ask(made).json == {
        "error": {"message": "model parameter not found in request, nor in gateway configuration"}
    }


def test_a_model_can_come_from_a_header() -> None:
    made = gateway(model={"name": "$(headers.x-model)"})
    assert ask(made, headers={"X-Model": "m-1"}).sent.json["model"] == "m-1"
    assert ask(made).json["error"]["message"] == "headers key x-model was not provided"


def test_credentials_go_into_a_query_or_body_when_configured_so() -> None:
    query = {"param_name": "key", "param_value": "a b", "param_location": "query"}
    assert ask(gateway(auth=query), target="/openai/chat?x=1").sent.path == "/v1/chat/completions?key=a%20b&x=1"
    body = {"param_name": "key", "param_value": "v", "param_location": "body"}
    assert ask(gateway(auth=body)).sent.json["key"] == "v"


def test_a_client_may_bring_its_own_key_only_where_that_is_allowed() -> None:
    auth = {"header_name": "Authorization", "header_value": "Bearer sk-ours", "allow_override": True}
    assert (
        ask(gateway(auth=auth), headers={"Authorization": "Bearer mine"}).sent.header("authorization") == "Bearer mine"
    )
    assert ask(gateway(auth=auth)).sent.header("authorization") == "Bearer sk-ours"


def test_an_upstream_error_passes_with_status_body_and_retry_after() -> None:
    refusal = Answer(
        429, {"Content-Type": "application/json", "Retry-After": "7"}, b'{"error":{"message":"slow down"}}'
    )
    told = ask(gateway(), answer=refusal)
    assert (told.status, told.body, told.header("retry-after")) == (429, b'{"error":{"message":"slow down"}}', "7")
    assert told.header("x-kong-llm-model") is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"hello":"world"}', b'{"choices":1}'])
def test_an_answer_that_is_no_completion_is_a_bad_gateway(body: bytes) -> None:
    told = ask(gateway(), answer=Answer(200, {"Content-Type": "application/json"}, body))
    assert told.status == 502
    assert told.json["error"]["message"].startswith("transformation failed from type openai://llm/v1/chat: ")


def test_a_silent_upstream_is_named_with_a_remedy() -> None:
    told = ask(gateway(), answer=Answer(error=UpstreamError("refused", "connection refused", False)))
    assert told.status == 502
    assert told.json["message"] == "An invalid response was received from the upstream server"
    assert told.json["error"]["code"] == "upstream_refused"
    assert "api.openai.com:443" in told.json["error"]["message"]


def test_compressed_answers_are_read_and_compressed_only_for_who_asks() -> None:
    packed = Answer(
        200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(json.dumps(CHAT).encode())
    )
    told = ask(gateway(), answer=packed)
    assert (told.header("content-encoding"), told.json) == (None, CHAT)
    told = ask(gateway(), headers={"Accept-Encoding": "gzip"})
    assert told.sent.header("accept-encoding") == "gzip, identity"
    assert json.loads(gzip.decompress(told.body)) == CHAT
    assert told.exchange.conversation is not None


def test_usage_is_logged_and_estimated_only_where_nothing_is_reported() -> None:
    made = gateway()
    ask(made)
    ask(made, answer=Answer(200, {}, json.dumps({**CHAT, "usage": None}).encode()))
    reported, estimated = (json.loads(line) for line in made.runtime.lines)
    assert (reported["prompt_tokens"], reported["completion_tokens"], reported.get("estimated")) == (9, 10, None)
    assert estimated["estimated"] is True
    assert estimated["prompt_tokens"] > 0


# -- streams ----------------------------------------------------------------------------------------------------------


def chunk(**members: Any) -> bytes:
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", **members}).encode() + b"\n\n"


CHUNKS = [
    chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": "Pa"}}]),
    chunk(choices=[{"index": 0, "delta": {"content": "ris"}}]),
    chunk(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}),
    b"data: [DONE]\n\n",
]
SSE = {"Content-Type": "text/event-stream"}


def test_a_streams_usage_is_asked_for_and_kept_from_a_client_that_did_not_ask() -> None:
    made = gateway()
    told = ask(made, {"messages": MESSAGES, "stream": True}, Answer(200, SSE, CHUNKS))
    assert told.sent.json["stream_options"] == {"include_usage": True}
    assert told.body == CHUNKS[0] + CHUNKS[1] + CHUNKS[3]
    assert told.header("content-type") == "text/event-stream"
    assert json.loads(made.runtime.lines[0])["completion_tokens"] == 2


def test_a_client_that_asks_for_usage_gets_it() -> None:
    asked = {"messages": MESSAGES, "stream": True, "stream_options": {"include_usage": True}}
    assert ask(gateway(), asked, Answer(200, SSE, CHUNKS)).body == b"".join(CHUNKS)


def test_a_stream_that_breaks_off_ends_with_an_error_event() -> None:
    broken = Answer(200, SSE, CHUNKS[:2], broken=UpstreamError("closed", "connection closed", True))
    told = ask(gateway(), {"messages": MESSAGES, "stream": True}, broken)
    last = told.body.rstrip().rsplit(b"data: ", 1)[1]
    assert json.loads(last)["error"]["code"] == "upstream_closed"
    assert b"[DONE]" not in told.body


def test_a_refused_stream_is_an_ordinary_error() -> None:
    told = ask(
        gateway(), {"messages": MESSAGES, "stream": True}, Answer(401, {"Content-Type": "application/json"}, b"{}")
    )
    assert (told.status, told.body) == (401, b"{}")


def test_streaming_can_be_denied_or_forced() -> None:
    told = ask(gateway(response_streaming="deny"), {"messages": MESSAGES, "stream": True})
    assert (told.status, told.json["error"]["message"]) == (400, "response streaming is not enabled for this LLM")
    forced = ask(gateway(response_streaming="always"), answer=Answer(200, SSE, CHUNKS))
    assert forced.sent.json["stream"] is True
    assert forced.header("content-type") == "text/event-stream"


def test_an_upstream_that_does_not_stream_is_told_as_a_stream() -> None:
    told = ask(gateway(), {"messages": MESSAGES, "stream": True})
    assert told.header("content-type") == "text/event-stream"
    assert b"Paris." in told.body
    assert told.body.endswith(b"data: [DONE]\n\n")


def test_a_compressed_stream_is_read() -> None:
    packed = gzip.compress(b"".join(CHUNKS))
    told = ask(
        gateway(),
        {"messages": MESSAGES, "stream": True},
        Answer(200, {**SSE, "Content-Encoding": "gzip"}, [packed[:20], packed[20:]]),
    )
    assert told.body == CHUNKS[0] + CHUNKS[1] + CHUNKS[3]
    assert told.header("content-encoding") is None


def test_anthropic_is_translated_both_ways() -> None:
    made = gateway(
        model={
            "provider": "anthropic",
            "name": "claude-haiku-5-5",
            "options": {"anthropic_version": "2023-06-01", "max_tokens": 64},
        },
        auth={"header_name": "x-api-key", "header_value": "sk-ant-x"},
    )
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [{"type": "text", "text": "Paris."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 12, "output_tokens": 3},
    }
    told = ask(
        made,
        answer=Answer(200, {"Content-Type": "application/json"}, json.dumps(message).encode()),
        headers={"Authorization": "Bearer unused"},
    )
    assert told.sent.path == "/v1/messages"
    assert told.sent.header("anthropic-version") == "2023-06-01"
    assert (told.sent.header("x-api-key"), told.sent.header("authorization")) == ("sk-ant-x", None)
    assert told.json["choices"][0]["message"]["content"] == "Paris."
    assert told.json["usage"]["total_tokens"] == 15


def test_a_placeholder_for_a_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="model"):
        gateway(model={"name": "model"})
