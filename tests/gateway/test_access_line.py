"""What a line of the access log says."""

from __future__ import annotations

import json

from support.exchange import Answer, Gateway
from support.recorded import chat_route

from gateway.access_line import access_line, line, routed, who
from gateway.values import Request


def test_a_line_is_one_json_object_without_the_query() -> None:
    request = Request(b"GET", b"/a%20b?key=secret", [], {}, client="::1")
    text = line(1_800_000_000.5, who(request), 200, 12, 0.0015, b"ab" * 16, routed({"name": None, "id": "some-id"}))
    assert json.loads(text) == {
        "time": 1_800_000_000.5,
        "client": "::1",
        "method": "GET",
        "path": "/a%20b",
        "status": 200,
        "bytes": 12,
        "ms": 1.5,
        "request_id": "ab" * 16,
        "route": "some-id",
    }


def test_a_line_names_what_was_used() -> None:
    gateway = Gateway(chat_route())
    answer = {"choices": [{}], "model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    told = gateway.ask("POST", "/chat", (), {"messages": [{}]}, answer=Answer(200, body=json.dumps(answer).encode()))
    found = json.loads(access_line(told.exchange, 5.0))
    assert found["time"] == 5.0
    assert (found["route"], found["provider"], found["model"]) == ("chat", "openai", "gpt-6-luna")
    assert (found["prompt_tokens"], found["completion_tokens"]) == (1, 2)
