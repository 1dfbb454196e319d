"""When a request is sent again, and the attempts of a service with one host."""

from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, Told, proxied

from gateway.retries import UNCONNECTED, repeatable
from gateway.values import UpstreamError


@pytest.mark.parametrize("kind", sorted(UNCONNECTED))
def test_what_was_never_sent_may_go_again(kind: str) -> None:
    assert repeatable(b"POST", UpstreamError(kind, "", False))


@pytest.mark.parametrize(
    ("method", "kind", "sent", "wanted"),
    [
        (b"GET", "closed", True, True),
        (b"PUT", "timeout", True, True),
        (b"DELETE", "timeout", True, True),
        (b"POST", "closed", True, False),
        (b"POST", "timeout", True, False),
        (b"PATCH", "closed", True, False),
        (b"POST", "closed", False, True),
        (b"GET", "protocol", True, False),
        (b"GET", "too_large", True, False),
        (b"GET", "status", True, False),
    ],
)
def test_what_was_sent(method: bytes, kind: str, sent: bool, wanted: bool) -> None:
    assert repeatable(method, UpstreamError(kind, "", sent)) is wanted


def ask(method: str, *answers: Answer, retries: int = 5) -> Told:
    table: dict[str, Any] = proxied()
    table["services"][0]["retries"] = retries
    coming = list(answers)

    def upstream(sent: Sent) -> Answer:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    return Gateway(table).ask(method, "/x", {}, "in", answer=upstream)


CLOSED = Answer(error=UpstreamError("closed", "it closed the connection", True))


def test_a_single_host_is_asked_again_where_that_is_harmless() -> None:
    told = ask("GET", CLOSED, CLOSED, Answer(200, {}, b"third time"))
    assert (told.status, told.body, len(told.attempts)) == (200, b"third time", 3)
    assert len({sent.header("x-kong-request-id") for sent in told.attempts}) == 1
    assert [sent.body for sent in told.attempts] == [b"in"] * 3


def test_retries_are_counted() -> None:
    assert len(ask("GET", CLOSED, retries=2).attempts) == 3
    assert len(ask("GET", CLOSED, retries=0).attempts) == 1
    assert len(ask("POST", CLOSED).attempts) == 1


def test_a_host_that_takes_no_connection_is_not_asked_twice() -> None:
    told = ask("GET", Answer(error=UpstreamError("refused", "nobody listens", False)))
    assert (told.status, len(told.attempts)) == (502, 1)


def test_a_body_that_has_begun_is_not_asked_for_again() -> None:
    begun = Answer(200, {"Content-Length": "9"}, [b"half"], broken=UpstreamError("closed", "", True))
    told = ask("GET", begun)
    assert (told.cut, len(told.attempts)) == (True, 1)
