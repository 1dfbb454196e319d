"""What a worker remembers: rows, sums, bounds, and no secret in any of it."""

from __future__ import annotations

import json
from typing import Any

from support.exchange import Answer, proxied
from support.recorded import RecordedGateway, chat_route

from gateway.recorder import MINUTES, MOST_BYTES, Recorder
from gateway.values import UpstreamError

CANARY = "canary-17"
CHAT = {"messages": [{"role": "user", "content": "hello"}]}
SAID = {
    "model": "gpt-6-luna-2026",
    "choices": [{"message": {"role": "assistant", "content": "hi"}}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
}
ANSWER = Answer(
    200, {"Content-Type": "application/json", "X-RateLimit-Remaining-Requests": "9"}, json.dumps(SAID).encode()
)


def test_a_request_is_remembered_with_what_it_cost() -> None:
    gateway = RecordedGateway(chat_route())
    gateway.ask("POST", "/chat?key=" + CANARY, {"Authorization": CANARY, "Cookie": CANARY}, CHAT, answer=ANSWER)
    (row,) = gateway.recorder.recent()
    assert (row["method"], row["target"], row["status"]) == ("POST", "/chat?key=REDACTED", 200)
    assert (row["provider"], row["model"], row["stream"]) == ("openai", "gpt-6-luna-2026", False)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (11, 7)
    assert row["cost"] == (11 * 1 + 7 * 2) / 1_000_000
    assert row["route"] == next(iter(gateway.snapshot.config.collections["routes"]))
    assert row["upstream_status"] == 200 and row["details"] is False
    assert ["x-ratelimit-remaining-requests", "9"] in row["limits"]
    full = gateway.last()
    assert ["Cookie", "REDACTED"] in full["request_headers"] and full["plugins"] == ["ai-proxy"]
    assert CANARY not in json.dumps(full)


def test_nobody_there_and_no_route() -> None:
    gateway = RecordedGateway(chat_route())
    gateway.ask("POST", "/chat", {}, CHAT, answer=Answer(error=UpstreamError("refused", "upstream.test:80", False)))
    gateway.ask("GET", "/elsewhere")
    failed, lost = gateway.recorder.recent()
    assert failed["status"] == 502 and failed["error"] == "refused: upstream.test:80"
    assert failed["upstream_status"] == 0
    assert (lost["status"], lost["route"]) == (404, None)


def test_a_client_that_went_away() -> None:
    gateway = RecordedGateway(proxied())
    gateway.ask("GET", "/", answer=Answer(200, {}, b"x"), aborted=True)
    assert gateway.recorder.recent()[0]["aborted"] is True


def test_only_the_last_are_kept_and_only_new_ones_are_told() -> None:
    gateway = RecordedGateway(proxied(), Recorder(most=3))
    for number in range(5):
        gateway.ask("GET", f"/{number}", answer=Answer())
        gateway.runtime.pass_time(1)
    rows = gateway.recorder.recent()
    assert [row["target"] for row in rows] == ["/2", "/3", "/4"]
    assert [row["target"] for row in gateway.recorder.recent(rows[1]["ended"])] == ["/3", "/4"]
    assert gateway.recorder.find("nobody") is None


def test_the_last_requests_of_a_busy_worker_are_there_once_it_has_time() -> None:
    gateway = RecordedGateway(proxied(), Recorder(most=3))
    recorder = gateway.recorder
    for path in ("/1", "/2"):
        gateway.ask("GET", path)
        recorder.digest()
    gateway.ask("GET", "/3")
    recorder.digest()
    recorder.digest()  # nothing came since
    assert [row[4] for row in recorder._rows] == [b"/1", b"/2", b"/3"]
    for number in range(4, 9):
        gateway.ask("GET", f"/{number}")
    assert [row["target"] for row in recorder.recent()] == ["/6", "/7", "/8"]
    gateway.ask("GET", "/9")
    assert recorder.find(gateway.recorder.recent()[-1]["id"]) is not None
    assert [row["target"] for row in recorder.recent()] == ["/7", "/8", "/9"]


def test_sums_per_minute_and_route() -> None:
    gateway = RecordedGateway(chat_route())
    route = next(iter(gateway.snapshot.config.collections["routes"]))
    gateway.ask("POST", "/chat", {}, CHAT, answer=ANSWER)
    gateway.ask("POST", "/chat", {}, {"messages": []}, answer=ANSWER)
    gateway.runtime.pass_time(60)
    gateway.ask("POST", "/chat", {}, CHAT, answer=Answer(error=UpstreamError("timeout", "x", True)))
    gateway.ask("GET", "/elsewhere")
    told = gateway.recorder.activity()
    first, second, unrouted = sorted(told["cells"], key=lambda cell: (cell[1] == "", cell[0]))
    minute = int(gateway.runtime.epoch // 60)
    assert first[:6] == [minute - 1, route, 2, 0, 1, 0] and first[6:8] == [11, 7]
    assert second[:4] == [minute, route, 1, 1]
    assert unrouted[:5] == [minute, "", 1, 0, 1]
    assert told["last"][route][1:] == [504, "timeout"]
    assert all(cell[0] == minute for cell in gateway.recorder.activity(minute)["cells"])


def test_old_minutes_go() -> None:
    gateway = RecordedGateway(proxied())
    for _ in range(MINUTES + 5):
        gateway.ask("GET", "/", answer=Answer())
        gateway.runtime.pass_time(60)
    assert len(gateway.recorder.activity()["cells"]) == MINUTES


def test_watching_ends_by_itself() -> None:
    recorder = Recorder()
    recorder.watch(100.0, bodies=True)
    recorder.blink(99.9)
    assert recorder.watching and recorder.bodies
    recorder.blink(100.0)
    assert not recorder.watching and not recorder.bodies


def test_bodies_of_the_oldest_go_when_they_are_too_many_bytes() -> None:
    gateway = RecordedGateway(proxied())
    gateway.watch(bodies=True)
    big = b"x" * (256 << 10)
    count = MOST_BYTES // len(big) + 5
    for _ in range(count):
        gateway.ask("POST", "/", {}, big, answer=Answer())
    rows = gateway.recorder.recent()
    kept = [gateway.recorder.find(row["id"]) for row in rows]
    bodies: list[Any] = [one["watched"]["bodies"] for one in kept if one is not None]
    assert bodies[0] == {} and len(bodies[-1]["client"]) == len(big)
    assert sum(len(text) for found in bodies for text in found.values()) <= MOST_BYTES
