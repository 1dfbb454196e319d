"""How entries wait and how a request to their server begins."""

from __future__ import annotations

from typing import Any

import pytest
from support.kong_schemas import flat, kong_schema

from gateway.plugins._outbox import MOST_BYTES, Queued, queue_record, request_head
from gateway.values import Origin


def waiting(batch_size: int | None = None, delay: float | None = None, **queue: Any) -> Queued:
    box = Queued()
    box.wait_as("plugin-id", queue_record().validate(queue), batch_size, delay)
    return box


def test_the_record_is_the_queue_of_kongs_http_log() -> None:
    kong = {name for name in flat(kong_schema("plugin-http-log")) if name.startswith("config.queue.")}
    assert {f"config.queue.{name}" for name in queue_record().fields} == kong


def test_defaults() -> None:
    box = waiting()
    assert (box.key, box.batch_size, box.delay, box.most_entries, box.most_bytes) == (
        "plugin-id",
        1,
        1,
        10_000,
        MOST_BYTES,
    )
    assert (box.first_retry, box.longest_retry, box.give_up, box.parallel) == (0.01, 60, 60, False)
    assert queue_record(default={"max_batch_size": 200}).absent()["max_batch_size"] == 200


def test_nulls_are_defaults() -> None:
    box = waiting(**dict.fromkeys(queue_record().fields))
    assert (box.batch_size, box.delay, box.most_entries, box.give_up) == (1, 1, 10_000, 60)


def test_older_fields_win() -> None:
    box = waiting(7, 3, max_batch_size=2, max_coalescing_delay=2)
    assert (box.batch_size, box.delay) == (7, 3)


def test_never_giving_up_and_sending_side_by_side() -> None:
    box = waiting(max_retry_time=-1, concurrency_limit=-1)
    assert (box.give_up, box.parallel) == (float("inf"), True)


@pytest.mark.parametrize(
    ("url", "origin", "lines"),
    [
        ("http://a.test", Origin("http", "a.test", 80), b"POST / HTTP/1.1\r\nHost: a.test\r\n"),
        (
            "HTTPS://a.test:4318/v1?x=1",
            Origin("https", "a.test", 4318),
            b"POST /v1?x=1 HTTP/1.1\r\nHost: a.test:4318\r\n",
        ),
        ("http://[::1]:1/p", Origin("http", "::1", 1), b"POST /p HTTP/1.1\r\nHost: [::1]:1\r\n"),
    ],
)
def test_the_head(url: str, origin: Origin, lines: bytes) -> None:
    found, head = request_head("POST", url, "text/plain", {"X-A": "b\r\nX-Evil: c"})
    assert found == origin
    assert head == lines + b"Content-Type: text/plain\r\nX-A: b%0D%0AX-Evil: c\r\n"


def test_user_info_is_a_credential_and_a_bad_port_is_told() -> None:
    _, head = request_head("POST", "http://u%3A:p@a.test/", "text/plain", None)
    assert b"Authorization: Basic dTo6cA==\r\n" in head
    assert b"u%3A" not in head
    with pytest.raises(ValueError, match=r"(?i)port"):
        request_head("POST", "http://a.test:99999/", "text/plain", None)
