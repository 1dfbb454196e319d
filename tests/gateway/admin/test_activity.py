"""What several workers remember, put together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.admin.activity import activity, one_request, requests, state
from gateway.recorder import MOST


def recall(*told: Any) -> Any:
    async def answer(question: dict[str, Any]) -> list[Any]:
        return list(told)

    return answer


def cell(minute: int, route: str, requests: int) -> list[Any]:
    return [minute, route, requests, 1, 0, 0, 10, 5, 0.5, 2.0]


def test_sums_of_all_workers() -> None:
    one = {"cells": [cell(7, "r", 2), cell(8, "r", 1)], "last": {}}
    other = {"cells": [cell(7, "r", 3), cell(7, "", 1)], "last": {}}
    told = asyncio.run(activity(recall(one, other), 0))
    assert [(row["minute"], row["route"], row["requests"]) for row in told["minutes"]] == [
        (7, "", 1),
        (7, "r", 5),
        (8, "r", 1),
    ]
    assert told["minutes"][1]["cost"] == 1.0 and told["minutes"][1]["prompt_tokens"] == 20


def test_the_latest_outcome_wins_whichever_worker_had_it() -> None:
    one = {"cells": [], "last": {"r": [5.0, 200, ""], "s": [1.0, 200, ""]}}
    other = {"cells": [], "last": {"r": [4.0, 502, "refused"]}}
    told = asyncio.run(activity(recall(one, other), 0))
    assert told["routes"]["r"] == {"state": "ok", "at": 5.0, "status": 200, "error": ""}
    assert told["routes"]["s"]["state"] == "ok"


@pytest.mark.parametrize(
    ("status", "error", "word"),
    [
        (200, "", "ok"),
        (302, "", "ok"),
        (429, "", "limited"),
        (401, "", "refused"),
        (500, "", "failing"),
        (0, "", "failing"),
        (502, "refused", "down"),
        (503, "dns", "down"),
        (504, "timeout", "down"),
        (200, "closed", "down"),
    ],
)
def test_states_in_words(status: int, error: str, word: str) -> None:
    assert state(status, error) == word


def test_the_last_requests_newest_first_and_not_too_many() -> None:
    rows = [{"id": str(number), "started": float(number)} for number in range(MOST)]
    found = asyncio.run(requests(recall(rows, [{"id": "new", "started": 9999.0}]), 0))
    assert found[0]["id"] == "new" and len(found) == MOST and found[-1]["id"] == "1"


def test_one_request_of_whichever_worker() -> None:
    assert asyncio.run(one_request(recall(None, {"id": "a"}), "a")) == {"id": "a"}
    assert asyncio.run(one_request(recall(None, None), "a")) is None
    assert asyncio.run(one_request(recall(), "a")) is None
