"""The calls that people, decK and Kong Manager make, one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from support.admin_api import NOBODY, NOW, Admin

SERVICE = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.fixture
def admin() -> Admin:
    admin = Admin()
    admin.ask("PUT", f"/services/{SERVICE}", {"name": "svc", "host": "h.test"})
    admin.made("/services/svc/routes", {"name": "r", "paths": ["/r"], "tags": ["a"]})
    return admin


def test_a_row_is_created_read_changed_replaced_and_removed(admin: Admin) -> None:
    made = admin.made("/services", {"name": "x", "url": "https://x.test/api"})
    assert (made["protocol"], made["host"], made["port"], made["path"]) == ("https", "x.test", 443, "/api")
    assert made["created_at"] == int(NOW) == made["updated_at"]
    assert admin.get("/services/x").body == made == admin.get(f"/services/{made['id']}").body
    admin.now += 10
    changed = admin.ask("PATCH", "/services/x", {"retries": 1})
    assert changed.status == 200 and changed.body["retries"] == 1 and changed.body["path"] == "/api"
    assert changed.body["updated_at"] == int(NOW) + 10 and changed.body["created_at"] == int(NOW)
    replaced = admin.ask("PUT", "/services/x", {"host": "y.test"})
    assert replaced.status == 200 and replaced.body["id"] == made["id"]
    assert (replaced.body["path"], replaced.body["retries"], replaced.body["port"]) == (None, 5, 80)
    assert admin.ask("DELETE", "/services/x").status == 204
    assert admin.get("/services/x").status == 404
    assert admin.ask("DELETE", "/services/x").status == 204


def test_a_nested_row_belongs_to_the_parent_of_the_path(admin: Admin) -> None:
    route = admin.get("/services/svc/routes/r").body
    assert route["service"] == {"id": SERVICE}
    admin.made("/services", {"name": "other", "host": "h.test"})
    assert admin.get("/services/other/routes/r").status == 404
    assert admin.ask("DELETE", "/services/other/routes/r").status == 404
    assert admin.get("/services/nosuch/routes").status == 404
    assert admin.ask("POST", "/services/nosuch/routes", {"paths": ["/x"]}).status == 404


def test_upwards_from_a_route_to_its_service(admin: Admin) -> None:
    assert admin.get("/routes/r/service").body["name"] == "svc"
    assert admin.ask("PATCH", "/routes/r/service", {"port": 81}).body["port"] == 81
    admin.made("/routes", {"name": "lonely", "paths": ["/l"]})
    assert admin.get("/routes/lonely/service").status == 404
    made = admin.ask("PUT", "/routes/lonely/service", {"host": "new.test"})
    assert made.status == 200
    assert admin.get("/routes/lonely").body["service"] == {"id": made.body["id"]}


def test_forms_are_read_by_the_schema_of_the_plugin(admin: Admin) -> None:
    text = "name=key-auth&config.key_names[]=apikey&config.hide_credentials=true"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    made = admin.ask("POST", "/services/svc/plugins", text, headers)
    assert made.status == 201 and made.body["config"]["hide_credentials"] is True
    patched = admin.ask("PATCH", f"/plugins/{made.body['id']}", "config.hide_credentials=false", headers)
    assert patched.status == 200 and patched.body["config"]["hide_credentials"] is False


def test_a_plugin_keeps_the_reference_it_was_given(admin: Admin) -> None:
    config = {
        "route_type": "llm/v1/chat",
        "auth": {"header_name": "Authorization", "header_value": "{vault://env/openai-auth}"},
        "model": {"provider": "openai", "name": "gpt-4o", "options": {"max_tokens": 5}},
    }
    made = admin.made("/routes/r/plugins", {"name": "ai-proxy", "config": config})
    assert made["config"]["auth"]["header_value"] == "{vault://env/openai-auth}"
    changed = admin.ask("PATCH", f"/plugins/{made['id']}", {"config": {"model": {"options": {"temperature": 1}}}}).body
    assert changed["config"]["model"]["options"]["max_tokens"] == 5
    assert changed["config"]["model"]["name"] == "gpt-4o"
    assert changed["config"]["auth"]["header_value"] == "{vault://env/openai-auth}"


def test_a_manager_that_saves_a_whole_row_changes_nothing_else(admin: Admin) -> None:
    made = admin.made("/plugins", {"name": "key-auth"})
    again = admin.ask("PATCH", f"/plugins/{made['id']}", {**made, "enabled": False})
    assert again.status == 200 and again.body == {**made, "enabled": False}


@pytest.mark.parametrize(
    ("target", "body", "status", "code"),
    [
        ("/services", {}, 400, 2),
        ("/services", {"name": "svc", "host": "h.test"}, 409, 5),
        ("/services", {"id": SERVICE, "name": "svc", "host": "h.test"}, 400, 3),
        ("/routes", {"paths": ["/x"], "service": {"id": NOBODY}}, 400, 4),
        ("/routes", {"paths": ["/x"], "service": {"name": "nosuch"}}, 400, 13),
        ("/plugins", {"name": "nosuch"}, 400, 2),
        ("/routes", {"paths": ["~/a("]}, 400, 2),
    ],
)
def test_refusals(admin: Admin, target: str, body: Any, status: int, code: int) -> None:
    before = admin.store.config
    answer = admin.ask("POST", target, body)
    assert (answer.status, answer.body["code"]) == (status, code), answer
    assert admin.store.config is before


def test_a_list_has_pages_whose_links_lead_on(admin: Admin) -> None:
    for number in range(5):
        admin.made("/services", {"name": f"s{number}", "host": "h.test", "tags": ["t"]})
    seen, target = [], "/services?tags=t&size=2"
    while target:
        page = admin.get(target).body
        seen += [row["name"] for row in page["data"]]
        assert ("offset" in page) == (page["next"] is not None)
        target = page["next"]
    assert sorted(seen) == [f"s{number}" for number in range(5)]


def test_a_body_that_is_no_row(admin: Admin) -> None:
    headers = {"Content-Type": "text/plain"}
    assert admin.ask("POST", "/services", "x", headers).status == 415
    assert admin.ask("POST", "/services", "{", {"Content-Type": "application/json"}).status == 400
    assert admin.ask("POST", "/services", '"x"', {"Content-Type": "application/json"}).status == 400


def test_consumers_by_custom_id(admin: Admin) -> None:
    admin.made("/consumers", {"username": "al", "custom_id": "c1"})
    admin.made("/consumers", {"username": "bo"})
    assert [row["username"] for row in admin.get("/consumers?custom_id=c1").body["data"]] == ["al"]
    for query in ("custom_id=", "custom_id", "custom_id=a&custom_id=b"):
        assert admin.get(f"/consumers?{query}").body == {"message": "custom_id must be an unempty string"}


def test_targets_are_only_below_their_upstream(admin: Admin) -> None:
    admin.made("/upstreams", {"name": "u"})
    made = admin.made("/upstreams/u/targets", {"target": "127.0.0.1"})
    assert made["target"] == "127.0.0.1:8000"
    for target in ("/targets", f"/targets/{made['id']}"):
        assert admin.get(target).status == 404
    assert admin.get("/upstreams/u/targets/127.0.0.1:8000").body == made
    assert admin.get("/upstreams/u/targets/all").body["data"] == [made]
    assert admin.ask("PUT", "/upstreams/u/targets/127.0.0.1:8000", {"weight": 5}).body["weight"] == 5
    assert admin.ask("PUT", f"/upstreams/u/targets/{NOBODY}", {"target": "h.test:1"}).status == 404
    assert admin.ask("POST", "/upstreams/u/targets", {"target": "127.0.0.1:8000"}).status == 409


def test_a_key_that_expires_counts_down_and_is_gone() -> None:
    admin = Admin({"consumers": [{"username": "al"}]})
    made = admin.made("/consumers/al/key-auth", {"key": "brief", "ttl": 60})
    assert made["ttl"] == 59
    admin.now += 30
    assert admin.get("/consumers/al/key-auth/brief").body["ttl"] == 29
    assert admin.ask("POST", "/consumers/al/key-auth", {"key": "brief"}).status == 409
    admin.now += 30
    assert admin.get("/consumers/al/key-auth/brief").status == 404
    assert admin.get("/key-auths").body["data"] == []
    admin.made("/consumers/al/key-auth", {"key": "brief"})


def test_all_targets_can_only_be_read() -> None:
    admin = Admin({"upstreams": [{"name": "u", "targets": [{"target": "a.test:1"}]}]})
    assert [row["target"] for row in admin.get("/upstreams/u/targets/all").body["data"]] == ["a.test:1"]
    told = admin.ask("POST", "/upstreams/u/targets/all", {"target": "b.test:1"})
    assert told.status == 405 and told.headers["Allow"] == "GET, HEAD, OPTIONS"
