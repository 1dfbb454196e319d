"""One streamed chat: pieces as they come, what is noted meanwhile, and every way it can end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mock_server import Answer, Asked, MockServer
from support.setups import a_plan

from quickstart.calling.chat import Told, chat
from quickstart.calling.live_routes import LiveRoute
from quickstart.local_http import NoAnswer

EVENT = "text/event-stream"


class Proxy(MockServer):
    """Stands in for the gateway's proxy: answers what it is told to."""

    said = Answer(200)

    def answer(self, asked: Asked) -> Answer:
        return self.said


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        yield server


def event(**document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def text(word: str) -> bytes:
    return event(model="m-1", choices=[{"index": 0, "delta": {"content": word}}])


def talk(proxy: Proxy, folder: Path, operation: str = "chat", key: str = "", **more: object) -> tuple[list[str], Told]:
    plan = a_plan(folder)
    plan.ports["proxy"] = proxy.port
    route = LiveRoute("i", "r", "/m/chat", operation, "openai", "OpenAI", "m", "http://h", key, {**more})
    told = Told()
    clock = iter(range(100))
    environ = {"AI_GATEWAY_CLIENT_KEY": "k-1"}
    pieces = list(chat(plan, route, "Hi", told, environ, clock=lambda: float(next(clock)), most=5))
    return pieces, told


def test_pieces_come_one_by_one_however_they_are_cut(proxy: Proxy, tmp_path: Path) -> None:
    usage = event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2})
    whole = b": ping\r\n\r\n" + text("You ") + text("said") + usage + b"data: [DONE]\n\n"
    proxy.said = Answer(200, content_type=EVENT, pieces=[whole[i : i + 7] for i in range(0, len(whole), 7)])
    pieces, told = talk(proxy, tmp_path, model="m")
    assert pieces == ["You ", "said"] and told.text == "You said" and told.ok
    assert (told.prompt, told.completion, told.model) == (3, 2, "m-1")
    assert told.first == 1.0 and told.seconds == 2.0
    asked = proxy.last.json
    assert asked["stream"] is True and asked["stream_options"] == {"include_usage": True}
    assert (asked["model"], asked["max_tokens"]) == ("m", 5)


def test_an_answer_that_is_not_streamed_is_one_piece(proxy: Proxy, tmp_path: Path) -> None:
    proxy.said = Answer(200, b'{"choices":[{"message":{"content":"whole"}}],"usage":{"prompt_tokens":1}}')
    pieces, told = talk(proxy, tmp_path)
    assert pieces == ["whole"] and told.prompt == 1


def test_completions_have_a_prompt(proxy: Proxy, tmp_path: Path) -> None:
    proxy.said = Answer(200, content_type=EVENT, pieces=[event(choices=[{"text": "x"}])])
    assert talk(proxy, tmp_path, "completions")[0] == ["x"]
    assert proxy.last.json["prompt"] == "Hi" and "messages" not in proxy.last.json


def test_a_refusal_is_kept_whole(proxy: Proxy, tmp_path: Path) -> None:
    proxy.said = Answer(429, b'{"message":"no"}', headers={"Retry-After": "3"})
    pieces, told = talk(proxy, tmp_path)
    assert pieces == [] and not told.ok and told.refused is not None
    assert (told.refused.status, told.refused.body, told.refused.headers["retry-after"]) == (
        429,
        b'{"message":"no"}',
        "3",
    )


def test_an_error_in_the_middle_is_told(proxy: Proxy, tmp_path: Path) -> None:
    proxy.said = Answer(200, content_type=EVENT, pieces=[text("a"), event(error={"message": "it stopped"})])
    pieces, told = talk(proxy, tmp_path)
    assert pieces == ["a"] and told.broken == "it stopped" and not told.ok


def test_a_connection_that_is_cut_is_no_answer_and_what_came_is_kept(proxy: Proxy, tmp_path: Path) -> None:
    proxy.said = Answer(200, content_type=EVENT, pieces=[text("a")], cut=True)
    with pytest.raises(NoAnswer):
        talk(proxy, tmp_path)


@pytest.mark.parametrize("junk", [b"data: nonsense\n\n", b"data: []\n\n", b'data: {"choices":[1]}\n\n', b"\xff\xfe\n"])
def test_junk_is_passed_over(proxy: Proxy, tmp_path: Path, junk: bytes) -> None:
    proxy.said = Answer(200, content_type=EVENT, pieces=[junk, text("a")])
    assert talk(proxy, tmp_path)[0] == ["a"]


@pytest.mark.parametrize("header", ["", "apikey"])
def test_a_key_is_sent_only_where_the_route_asks_for_one(proxy: Proxy, tmp_path: Path, header: str) -> None:
    talk(proxy, tmp_path, key=header)
    assert proxy.last.headers.get("apikey") == ("k-1" if header else None)
