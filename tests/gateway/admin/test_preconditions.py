"""Two people who edit one row."""

from __future__ import annotations

from support.admin_api import Admin


def test_the_second_of_two_editors_is_told() -> None:
    admin = Admin()
    admin.made("/services", {"name": "s", "host": "h.test"})
    tag = admin.get("/services/s").headers["ETag"]
    assert admin.ask("PATCH", "/services/s", {"port": 81}, {"If-Match": tag}).status == 200
    late = admin.ask("PATCH", "/services/s", {"port": 82}, {"If-Match": tag})
    assert late.status == 412 and "read it again" in late.body["message"]
    assert admin.get("/services/s").body["port"] == 81
    now = admin.get("/services/s").headers["ETag"]
    assert now != tag
    assert admin.ask("DELETE", "/services/s", None, {"If-Match": f'"x", {now}'}).status == 204


def test_star_stands_for_any_row_but_not_for_none() -> None:
    admin = Admin()
    admin.made("/services", {"name": "s", "host": "h.test"})
    assert admin.ask("PUT", "/services/s", {"host": "i.test"}, {"If-Match": "*"}).status == 200
    assert admin.ask("PUT", "/services/new", {"host": "i.test"}, {"If-Match": "*"}).status == 412


def test_what_the_client_has_is_not_sent_again() -> None:
    admin = Admin()
    tag = admin.get("/services").headers["ETag"]
    again = admin.ask("GET", "/services", None, {"If-None-Match": f"W/{tag}"})
    assert again.status == 304 and again.body == "" and again.headers["ETag"] == tag
    assert admin.ask("GET", "/services", None, {"If-None-Match": '"other"'}).status == 200
