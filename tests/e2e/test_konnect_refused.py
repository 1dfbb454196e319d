"""What Konnect refuses, from the command line: each cause has its own message (what, why, what to do) and exit code 6.

No container is started; the wrong things are all found before that, or made wrong on the way there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.docker_engine import bridge_address
from support.konnect_mock.problems import problem
from support.konnect_mock.server import TOKEN, Fault, KonnectMock
from support.mock_server import Answer
from support.user import User

from quickstart.konnect import certificate

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]
NOW = {"Retry-After": "0"}


def limited(mock: KonnectMock) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    (plane,) = mock.planes()
    plane.certificates["x"] = certificate.make("another").certificate
    mock.state.most_certificates = 1


def wrong_token(mock: KonnectMock) -> None:
    mock.access.token = "another"


def expired(mock: KonnectMock) -> None:
    mock.access.expired = True


def read_only(mock: KonnectMock) -> None:
    mock.access.read_only = True


def elsewhere(mock: KonnectMock) -> None:
    mock.access.regions = ("au",)


def taken(mock: KonnectMock) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})


def down(mock: KonnectMock) -> None:
    mock.faults = [Fault(problem(503, "maintenance", None, **NOW))]


def rate_limited(mock: KonnectMock) -> None:
    mock.faults = [Fault(problem(429, "slow down", None, **NOW))]


def login_page(mock: KonnectMock) -> None:
    mock.faults = [Fault(Answer(200, b"<html>log in</html>", "text/html"))]


CAUSES: dict[str, tuple[Callable[[KonnectMock], None], dict[str, str], str, str]] = {
    "wrong token": (wrong_token, {}, "token rejected (401)", "https://cloud.konghq.com/global/account/tokens"),
    "expired": (expired, {}, "It has expired", "Make a new one"),
    "no permission": (read_only, {}, "not permitted (403)", "administrator"),
    "wrong region": (elsewhere, {"KONNECT_REGION": "us"}, "It works in: au", "--konnect-region au"),
    "same name": (taken, {}, "exists in eu and was not made by this program", "--konnect-existing add"),
    "certificate limit": (
        limited, {"AI_GATEWAY_KONNECT_EXISTING": "add"}, "takes no further data-plane certificate: 1 are pinned",
        "Remove ones that are not used",
    ),
    "down": (down, {}, "Konnect failed (503)", "goes on where it stopped"),
    "rate limited": (rate_limited, {}, "too many requests (429)", "Wait a minute"),
    "login page": (login_page, {}, "is not Konnect's API", "company proxy"),
    "no token": (lambda mock: None, {"KONNECT_TOKEN": ""}, "none was given", "KONNECT_TOKEN=..."),
    "nobody there": (
        lambda mock: None, {"AI_GATEWAY_KONNECT_URL": "http://127.0.0.1:9/{region}"}, "no answer", "Nothing listens",
    ),
}  # fmt: skip


@pytest.fixture
def mock() -> Iterator[KonnectMock]:
    with KonnectMock() as made:
        yield made


@pytest.fixture
def user(tmp_path: Path, mock: KonnectMock) -> Iterator[User]:
    made = User(tmp_path / "home", installed=False)
    made.extra = {
        "AI_GATEWAY_KONNECT_URL": mock.address,
        "AI_GATEWAY_CONTROL_PLANE": "konnect",
        "AI_GATEWAY_KONNECT_IMAGE": "python:3.13-slim",  # here already; it is never started
        "AI_GATEWAY_LOCAL": f"mistral=http://{bridge_address()}:9#m",
        "KONNECT_TOKEN": TOKEN,
    }
    yield made
    made.leave()


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_its_words_and_exit_code_6(user: User, mock: KonnectMock, cause: str) -> None:
    make, variables, words, remedy = CAUSES[cause]
    make(mock)
    done = user.gateway("setup", "--yes", **variables)
    said = " ".join(done.stderr.split())
    assert done.returncode == 6, said
    assert words in said and remedy.lower() in said.lower(), said
    assert TOKEN not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert not [asked for asked in mock.asked if asked.method == "DELETE"], "nothing is deleted unasked"
    assert not user.secrets.exists(), "a setup that failed leaves no files"
    assert cause == "certificate limit" or len(mock.state.planes) == (cause == "same name")


def test_a_limit_that_passes_is_waited_for(user: User, mock: KonnectMock) -> None:
    mock.faults = [
        Fault(problem(429, "slow down", None, **NOW), times=2),
        Fault(problem(502, "", None, **NOW), times=2),
    ]
    done = user.gateway("setup", "--yes", "--dry-run")
    assert done.returncode == 0 and "konnect=" in done.stdout, done.stderr
    assert not mock.state.planes, "a dry run makes nothing"


def test_a_dry_run_shows_what_would_be_added_to_somebody_elses(user: User, mock: KonnectMock) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    done = user.gateway("setup", "--yes", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert {asked.method for asked in mock.asked} == {"GET"}
