"""Requests to one region of Konnect's API, repeated where that helps: after 429 and 5xx, with Retry-After or a growing
pause. Not for: what the paths mean (control_planes.py, ai_gateways.py), wording of refusals (refusals.py).

The token travels in the header of these requests and nowhere else.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx

from quickstart import __version__, keycheck, messages
from quickstart.konnect.addresses import base_url
from quickstart.konnect.refusals import Refused, refusal, unreachable

TIMEOUT = 20.0
ATTEMPTS = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
_PASSING = frozenset((429, 500, 502, 503, 504))
_NOT_DONE = frozenset((429, 503))
"""Of these the server did nothing, so that even a POST may be sent again."""
Query = Mapping[str, str | int]


class Client:
    """Use as a context manager. `region` may be addresses.GLOBAL."""

    def __init__(
        self,
        token: str,
        region: str,
        environment: Mapping[str, str],
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], object] = time.sleep,
        wall: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.region = region
        self._environment = environment
        self._attempts = attempts
        self._sleep, self._wall, self._chance = sleep, wall, chance
        headers = {"Accept": "application/json, application/problem+json", "User-Agent": f"ai-gateway/{__version__}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._base = base_url(environment, region)
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=False, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, query: Query | None = None, what: str = "") -> dict[str, Any]:
        return self.request("GET", path, query=query, what=what)

    def request(
        self, method: str, path: str, body: object = None, query: Query | None = None, what: str = ""
    ) -> dict[str, Any]:
        """The answer's document, {} where it has none. Raises Refused.

        A POST whose outcome is unknown is not sent again: whoever asked looks first whether it was done (`ensure`).
        """
        what = what or messages.text("konnect.what.ask")
        for attempt in range(self._attempts):
            last = attempt == self._attempts - 1
            try:
                answer = self._http.request(method, self._base + path, json=body, params=dict(query or {}))
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                if last or method == "POST":
                    raise self._silence(error, what) from error
                self._sleep(self._pause(attempt))
                continue
            if answer.is_success:
                return self._document(answer, what)
            again = answer.status_code in (_NOT_DONE if method == "POST" else _PASSING)
            if last or not again:
                raise refusal(answer.status_code, answer.content, what, self.region)
            self._sleep(self._told(answer.headers.get("retry-after", ""), self._pause(attempt)))
        raise AssertionError("the last attempt returns or raises")

    def pause(self, attempt: int) -> None:
        """Waits before something is tried for the next time; `attempt` counts from 0."""
        self._sleep(self._pause(attempt))

    def _pause(self, attempt: int) -> float:
        return float(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * (0.5 + self._chance() / 2))

    def _told(self, retry_after: str, otherwise: float) -> float:
        """Seconds of a Retry-After header, a number or a date; never longer than LONGEST_PAUSE."""
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:6]), LONGEST_PAUSE)
        try:
            return min(max(parsedate_to_datetime(text).timestamp() - self._wall(), 0.0), LONGEST_PAUSE)
        except (ValueError, TypeError):
            return otherwise

    def _document(self, answer: httpx.Response, what: str) -> dict[str, Any]:
        if not answer.content.strip():
            return {}
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            # a captive portal or a company proxy also says 200
            raise Refused(
                "refused", messages.text("konnect.not_json", what=what, where=self.region),
                messages.text("konnect.not_json_hint"), answer.status_code,
            )  # fmt: skip
        return document

    def _silence(self, error: Exception, what: str) -> Refused:
        told = keycheck.explain(error, self._base, self._environment, TIMEOUT)
        return unreachable(what, told.message, told.hint)


def ensure(
    client: Client, find: Callable[[], Any], make: Callable[[], Any], attempts: int = ATTEMPTS
) -> tuple[Any, bool]:
    """What `find` finds, or what `make` makes where it finds None; True with it when it was made here.

    Where it stays unknown whether `make` worked, or where somebody was faster, it is looked for again: so nothing is
    made twice. Raises Refused.
    """
    for attempt in range(attempts):
        found = find()
        if found is not None:
            return found, False
        try:
            return make(), True
        except Refused as refused:
            last = attempt == attempts - 1
            if refused.kind == "conflict" and attempt == 0:
                continue
            if last or refused.kind not in ("down", "unreachable"):
                raise
            client.pause(attempt)
    raise AssertionError("the last attempt returns or raises")
