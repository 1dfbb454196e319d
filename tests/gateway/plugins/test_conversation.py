"""What ai-proxy makes of answers: costs, marks of estimates, hostile bodies."""

import gc
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange import Answer, Gateway, Told

from gateway.plugins._conversation import LlmConversation

BODY = {"messages": [{"role": "user", "content": "Hi"}]}


def gateway(**options: Any) -> Gateway:
    proxy = {"route_type": "llm/v1/chat", "model": {"provider": "openai", "name": "m", "options": options}}
    route = {"name": "r", "paths": ["/"], "plugins": [{"name": "ai-proxy", "config": proxy}]}
    return Gateway({"services": [{"name": "s", "url": "http://up.test", "routes": [route]}]})


def ask(made: Gateway, answer: Answer, stream: bool = False) -> Told:
    return made.ask("POST", "/", {}, {**BODY, "stream": stream}, answer=answer)


def conversation(told: Told) -> LlmConversation:
    found = told.exchange.conversation
    assert isinstance(found, LlmConversation)
    return found


def completion(**usage: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage}).encode()


def test_cost_is_tokens_times_price_per_million() -> None:
    made = gateway(input_cost=10, output_cost=20)
    told = ask(made, Answer(200, {}, completion(prompt_tokens=25, completion_tokens=12, total_tokens=37)))
    assert conversation(told).cost() == pytest.approx((25 * 10 + 12 * 20) / 1_000_000)


def test_cached_tokens_have_their_own_price_where_one_is_set() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 80}}
    told = ask(gateway(input_cost=10, cache_read_cost=1), Answer(200, {}, completion(**usage)))
    assert conversation(told).cost() == pytest.approx((20 * 10 + 80 * 1) / 1_000_000)
    told = ask(gateway(input_cost=10), Answer(200, {}, completion(**usage)))
    assert conversation(told).cost() == pytest.approx(100 * 10 / 1_000_000)


def test_an_estimate_is_marked_as_one() -> None:
    told = ask(gateway(), Answer(200, {}, b'{"choices":[{"message":{"content":"a few words"}}]}'))
    usage = conversation(told).usage
    assert usage is not None
    assert usage.estimated
    assert usage.completion_tokens == 3  # eleven characters of text, not the JSON around it


def test_the_access_log_says_why_the_upstream_refused_and_holds_no_key() -> None:
    body = json.dumps({"error": {"message": "Unknown field near sk-canary-4f5a6b7c8d9e", "code": "x"}}).encode()
    summary = conversation(ask(gateway(), Answer(400, {}, body))).summary().decode()
    told = json.loads("{" + summary + "}")
    assert told["error"].startswith("OpenAI refused the request (400): Unknown field near")
    assert "canary" not in summary
    assert "error" not in conversation(ask(gateway(), Answer(200, {}, completion()))).summary().decode()


def test_a_bomb_is_a_bad_gateway_and_stays_small() -> None:
    bomb = gzip.compress(bytes(80 << 20))
    told = ask(gateway(), Answer(200, {"Content-Encoding": "gzip"}, bomb))
    assert told.status == 502
    assert len(told.body) < 1000


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
def test_an_encoding_that_is_not_what_it_says_ends_in_an_error(encoding: str) -> None:
    told = ask(gateway(), Answer(200, {"Content-Encoding": encoding}, b"not that"))
    assert told.status == 502


@given(st.binary(max_size=200), st.booleans())
def test_no_answer_breaks_the_gateway(body: bytes, stream: bool) -> None:
    kind = "text/event-stream" if stream else "application/json"
    told = ask(gateway(), Answer(200, {"Content-Type": kind}, body), stream)
    assert told.status in (200, 502)


def test_errors_keep_the_clients_choice_of_shape() -> None:
    from gateway.values import UpstreamError

    made = gateway()
    error = Answer(error=UpstreamError("dns", "name not known", False))
    told = made.ask("POST", "/", {"Accept": "text/plain"}, BODY, answer=error)
    assert told.body.startswith(b"name resolution failed")


def test_an_exchange_and_its_conversation_do_not_hold_each_other() -> None:
    """Or every request would wait for the garbage collector."""
    told = ask(gateway(), Answer(200, {}, completion(prompt_tokens=1, completion_tokens=1, total_tokens=2)))
    assert told.exchange not in gc.get_referents(conversation(told).__dict__)


def ollama() -> Gateway:
    options = {"llama2_format": "ollama", "upstream_url": "http://up.test/api/chat"}
    proxy = {"route_type": "llm/v1/chat", "model": {"provider": "llama2", "name": "m", "options": options}}
    route = {"name": "r", "paths": ["/"], "plugins": [{"name": "ai-proxy", "config": proxy}]}
    return Gateway({"services": [{"name": "s", "url": "http://up.test", "routes": [route]}]})


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_translated_stream_that_is_called_json_is_still_a_stream(pieces: int) -> None:
    lines = [
        {"model": "m", "message": {"role": "assistant", "content": "Pa"}, "done": False},
        {"model": "m", "message": {"content": "ris"}, "done": True, "done_reason": "stop", "eval_count": 2},
    ]
    whole = {"model": "m", "message": {"role": "assistant", "content": "Paris"}, "done": True, "done_reason": "stop"}
    body = b"\n".join(json.dumps(line).encode() for line in (lines if pieces == 2 else [whole]))
    told = ask(ollama(), Answer(200, {"Content-Type": "application/json"}, body), stream=True)
    assert told.header("content-type") == "text/event-stream"
    chunks = [json.loads(line[6:]) for line in told.body.split(b"\n\n") if line.startswith(b"data: {")]
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]) == "Paris"
    assert told.body.endswith(b"data: [DONE]\n\n")


def test_an_answer_that_the_upstream_packed_is_not_packed_again() -> None:
    plain = b'{"model":"m","choices":[{}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'
    packed = gzip.compress(plain, 9, mtime=7)
    answer = Answer(200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, packed)
    told = gateway().ask("POST", "/", {"Accept-Encoding": "gzip"}, BODY, answer=answer)
    assert told.body == packed
    assert told.header("content-encoding") == "gzip"
    assert conversation(told).usage is not None
    assert gateway().ask("POST", "/", {}, BODY, answer=answer).body == plain


@pytest.mark.parametrize("heard", ["nothing", "head", "some", "all"])
@pytest.mark.parametrize("stream", [True, False])
def test_who_leaves_has_used_the_prompt_and_what_came(heard: str, stream: bool) -> None:
    exchange = gateway().exchange("POST", "/", (), {**BODY, "stream": stream})
    exchange.start()
    event = b'data: {"choices":[{"index":0,"delta":{"content":"four words of text"}}]}\n\n'
    last = (
        b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}}\n\ndata: [DONE]\n\n'
    )
    if heard != "nothing":
        kind = b"text/event-stream" if stream else b"application/json"
        exchange.head(200, b"OK", [(b"Content-Type", kind)])
        pieces = {"head": b"", "some": event, "all": event + last}[heard]
        exchange.data(pieces if stream else pieces[:20])
    exchange.finish(0, 0, True)
    usage = exchange.conversation.usage  # type: ignore[union-attr]
    assert usage is not None and usage.prompt_tokens > 0
    if stream and heard == "all":
        assert (usage.prompt_tokens, usage.completion_tokens, usage.estimated) == (7, 9, False)
    else:
        assert usage.estimated and usage.completion_tokens == (5 if stream and heard == "some" else 0)


def test_who_leaves_before_anything_was_sent_has_used_nothing() -> None:
    exchange = gateway().exchange("POST", "/", (), BODY)
    exchange.finish(0, 0, True)
    assert exchange.conversation is None
