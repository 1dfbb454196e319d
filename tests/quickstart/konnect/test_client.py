from __future__ import annotations

import pytest
from support.konnect_mock.problems import problem
from support.konnect_mock.server import TOKEN, Fault, KonnectMock
from support.konnect_parts import Office
from support.mock_server import Answer

from quickstart.konnect.client import ATTEMPTS, Client, ensure
from quickstart.konnect.refusals import Refused

PATH = "/v2/control-planes"


def test_a_request_carries_the_token_in_its_header_alone(mock: KonnectMock, office: Office) -> None:
    with office.open() as client:
        assert client.get(PATH, {"filter[name][eq]": "a b&c"})["data"] == []
    assert mock.last.headers["authorization"] == f"Bearer {TOKEN}"
    assert mock.last.query == {"filter[name][eq]": "a b&c"} and TOKEN not in mock.last.path
    assert TOKEN not in repr(client)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_it_asks_again_with_growing_pauses(mock: KonnectMock, office: Office, status: int) -> None:
    mock.faults = [Fault(problem(status, "later"), times=3)]
    with office.open() as client:
        client.get(PATH)
    assert office.waited == [0.5, 1.0, 2.0] and len(mock.asked) == 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("86400", 60.0), ("Thu, 01 Jan 1970 00:17:00 GMT", 20.0), ("soon", 0.5)],
)
def test_it_waits_as_long_as_it_is_told_within_reason(
    mock: KonnectMock, office: Office, header: str, seconds: float
) -> None:
    mock.faults = [Fault(problem(429, "slow down", None, **{"Retry-After": header}), times=1)]
    with office.open() as client:
        client.get(PATH)
    assert office.waited == [seconds]


def test_it_gives_up_with_the_reason(mock: KonnectMock, office: Office) -> None:
    mock.faults = [Fault(problem(429, "slow down"))]
    with office.open() as client, pytest.raises(Refused) as refused:
        client.get(PATH, what="Looking")
    assert refused.value.kind == "limit" and len(mock.asked) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_what_will_not_change_is_asked_once(mock: KonnectMock, office: Office, status: int) -> None:
    mock.faults = [Fault(problem(status, "no"))]
    with office.open() as client, pytest.raises(Refused):
        client.get(PATH)
    assert len(mock.asked) == 1 and not office.waited


@pytest.mark.parametrize(("status", "times"), [(429, 2), (503, 2), (500, 1), (502, 1), (504, 1)])
def test_a_post_is_repeated_only_when_nothing_was_done(
    mock: KonnectMock, office: Office, status: int, times: int
) -> None:
    mock.faults = [Fault(problem(status, "later"), times=1, method="POST")]
    with office.open() as client:
        if times == 1:
            with pytest.raises(Refused):
                client.request("POST", PATH, {"name": "one"})
        else:
            client.request("POST", PATH, {"name": "one"})
    assert len(mock.asked) == times


def test_nobody_there_is_told_apart(office: Office) -> None:
    environment = {"AI_GATEWAY_KONNECT_URL": "http://127.0.0.1:9/{region}"}
    lonely = Client(TOKEN, "eu", environment, attempts=2, sleep=office.waited.append)
    with lonely as client, pytest.raises(Refused) as refused:
        client.get(PATH, what="Looking")
    assert refused.value.kind == "unreachable" and refused.value.exit_code == 6 and len(office.waited) == 1
    assert "127.0.0.1" in refused.value.message and TOKEN not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("body", [b"<html>please log in</html>", b"[]"])
def test_a_login_page_is_not_konnect(mock: KonnectMock, office: Office, body: bytes) -> None:
    mock.faults = [Fault(Answer(200, body))]
    with office.open() as client, pytest.raises(Refused, match="not Konnect's API"):
        client.get(PATH)


def test_ensure_makes_once_though_the_answer_is_lost(mock: KonnectMock, office: Office) -> None:
    mock.faults = [Fault(problem(502, "lost"), times=1, method="POST", after=True)]
    with office.open() as client:

        def find() -> str | None:
            return next((item["id"] for item in client.get(PATH)["data"]), None)

        found, made = ensure(client, find, lambda: client.request("POST", PATH, {"name": "one"})["id"])
    assert not made and [plane.id for plane in mock.planes("one")] == [found]


def test_ensure_looks_again_when_somebody_was_faster(mock: KonnectMock, office: Office) -> None:
    looked: list[int] = []

    def find() -> str | None:
        looked.append(1)
        return "theirs" if len(looked) > 1 else None

    with office.open() as client:
        client.request("POST", PATH, {"name": "one"})
        assert ensure(client, find, lambda: client.request("POST", PATH, {"name": "one"})) == ("theirs", False)


def test_ensure_gives_up(mock: KonnectMock, office: Office) -> None:
    mock.faults = [Fault(problem(500, "no"), method="POST")]
    with office.open() as client, pytest.raises(Refused):
        ensure(client, lambda: None, lambda: client.request("POST", PATH, {"name": "one"}))
    assert len(mock.asked) == ATTEMPTS
