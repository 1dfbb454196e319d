"""The optional password."""

from __future__ import annotations

import base64

import pytest
from support.admin_api import Admin, request

from gateway.admin.token import token_fits

BASIC = base64.b64encode(b"anybody:s3cret:x").decode()


@pytest.mark.parametrize(
    "headers",
    [{"Kong-Admin-Token": "s3cret:x"}, {"Authorization": "Bearer s3cret:x"}, {"Authorization": f"Basic {BASIC}"}],
)
def test_three_ways_to_say_it(headers: dict[str, str]) -> None:
    assert token_fits(request("GET", "/", headers=headers), "s3cret:x")


@pytest.mark.parametrize(
    "headers",
    [
        *({}, {"Kong-Admin-Token": ""}, {"Kong-Admin-Token": "s3cret"}, {"Authorization": "Bearer"}),
        *({"Authorization": "Basic !!!"}, {"Authorization": "Digest s3cret:x"}, {"Authorization": "s3cret:x"}),
        {"Kong-Admin-Token": "wrong", "Authorization": "Bearer s3cret:x"},
    ],
)
def test_anything_else_is_wrong(headers: dict[str, str]) -> None:
    assert not token_fits(request("GET", "/", headers=headers), "s3cret:x")


def test_none_is_needed_when_none_is_set() -> None:
    assert token_fits(request("GET", "/"), "")


def test_the_api_asks_for_it_and_says_how() -> None:
    admin = Admin(admin_token="s3cret")
    refused = admin.get("/services")
    assert refused.status == 401 and "Kong-Admin-Token" in refused.body["message"]
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert "s3cret" not in str(refused)
    assert admin.ask("GET", "/services", headers={"Kong-Admin-Token": "s3cret"}).status == 200
    preflight = {"Origin": "http://127.0.0.1:8002", "Access-Control-Request-Method": "POST"}
    assert admin.ask("OPTIONS", "/services", headers=preflight).status == 204
