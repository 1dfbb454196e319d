"""key-auth: where a key may be, what is refused in which words, who the caller becomes, what is hidden."""

import json
from typing import Any

import pytest
from support.exchange import Gateway, TestRuntime, Told, proxied

from gateway.errors import ConfigError

ALICE = {"username": "alice", "custom_id": "al-1", "keyauth_credentials": [{"key": "k1"}, {"key": "ключ"}]}
GUEST = {"username": "guest"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def gateway(**config: Any) -> Gateway:
    return Gateway(proxied({"name": "key-auth", "config": config}, consumers=[ALICE, GUEST]))


def refused(told: Told, message: str, status: int = 401) -> bool:
    return (told.status, told.json["message"], told.attempts) == (status, message, [])


def test_without_a_key_nothing_goes_up_and_the_client_learns_how_to_send_one() -> None:
    told = gateway().ask("GET", "/")
    assert refused(told, "No API key found in request")
    assert told.header("www-authenticate") == "Key"
    assert told.json["request_id"] == told.header("x-kong-request-id")


def test_the_realm_is_named() -> None:
    assert gateway(realm='my "api"').ask("GET", "/").header("www-authenticate") == 'Key realm="my \\"api\\""'


@pytest.mark.parametrize("value", ["", "nobody's", "K1", "k1 "])
def test_a_wrong_or_empty_key(value: str) -> None:
    told = gateway().ask("GET", "/", {"apikey": value})
    assert refused(told, "Unauthorized" if value else "No API key found in request")
    assert told.header("www-authenticate") == "Key"


def test_the_upstream_and_the_log_learn_who_called() -> None:
    told = gateway().ask("GET", "/", {"apikey": "k1", "X-Consumer-Username": "root", "X-Anonymous-Consumer": "true"})
    sent = told.sent
    assert told.status == 200
    assert sent.header("X-Consumer-Username") == "alice"
    assert sent.header("X-Consumer-Custom-ID") == "al-1"
    assert sent.header("X-Anonymous-Consumer") is None
    assert sent.header("apikey") == "k1"
    consumer, credential = told.exchange.consumer, told.exchange.credential
    assert consumer is not None and credential is not None
    assert sent.header("X-Consumer-ID") == consumer["id"]
    assert sent.header("X-Credential-Identifier") == credential["id"]


def test_a_client_cannot_claim_an_id_that_the_consumer_does_not_have() -> None:
    told = Gateway(
        proxied({"name": "key-auth"}, consumers=[{"username": "bob", "keyauth_credentials": [{"key": "b"}]}])
    ).ask("GET", "/", {"apikey": "b", "X-Consumer-Custom-Id": "al-1"})
    assert told.sent.header("X-Consumer-Custom-ID") is None


def test_a_key_that_is_not_ascii() -> None:
    lines = [("apikey", "ключ".encode().decode("latin-1"))]
    assert gateway().ask("GET", "/", lines).status == 200
    assert gateway().ask("GET", "/?apikey=%D0%BA%D0%BB%D1%8E%D1%87").status == 200


def test_two_keys_are_one_too_many() -> None:
    assert refused(gateway().ask("GET", "/", [("apikey", "k1"), ("ApiKey", "k1")]), "Duplicate API key found")
    assert refused(gateway().ask("GET", "/?apikey=k1&apikey=k2"), "Duplicate API key found")


@pytest.mark.parametrize(
    ("config", "status"), [({}, 200), ({"key_in_query": False}, 401), ({"key_in_header": False}, 200)]
)
def test_a_key_in_the_query(config: dict[str, bool], status: int) -> None:
    assert gateway(**config).ask("GET", "/?a=b&apikey=k1").status == status


def test_a_key_in_a_header_only_where_headers_count() -> None:
    assert gateway(key_in_header=False).ask("GET", "/", {"apikey": "k1"}).status == 401


def test_names_are_tried_in_order() -> None:
    two = gateway(key_names=["first", "second"])
    assert two.ask("GET", "/", {"second": "k1"}).status == 200
    assert two.ask("GET", "/?second=k1", {"first": "wrong"}).status == 401


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--x\r\nContent-Disposition: form-data; name="apikey"\r\n\r\nk1\r\n--x--\r\n'
)
BODIES = [
    (FORM, b"a=1&apikey=k1", b"a=1"),
    ({"Content-Type": "application/json"}, b'{"a":1,"apikey":"k1"}', b'{"a":1}'),
    (
        {"Content-Type": 'multipart/form-data; boundary="x"'},
        MULTIPART,
        MULTIPART[: MULTIPART.index(b"--x", 5)] + b"--x--\r\n",
    ),
]


@pytest.mark.parametrize(("headers", "body", "hidden"), BODIES, ids=["form", "json", "multipart"])
def test_a_key_in_the_body(headers: dict[str, str], body: bytes, hidden: bytes) -> None:
    assert gateway().ask("POST", "/", headers, body).status == 401
    told = gateway(key_in_body=True).ask("POST", "/", headers, body)
    assert (told.status, told.sent.body) == (200, body)
    told = gateway(key_in_body=True, hide_credentials=True).ask("POST", "/", headers, body)
    assert told.sent.body == hidden
    assert told.sent.header("content-length") == str(len(hidden))


def test_two_keys_in_a_body() -> None:
    told = gateway(key_in_body=True).ask("POST", "/", FORM, "apikey=k1&apikey=k1")
    assert refused(told, "Duplicate API key found")


@pytest.mark.parametrize("value", ["7", "null", '["k1"]', "true"])
def test_a_key_in_json_is_a_string(value: str) -> None:
    told = gateway(key_in_body=True).ask("POST", "/", {"Content-Type": "application/json"}, f'{{"apikey":{value}}}')
    assert refused(told, "No API key found in request")


def test_hidden_keys_do_not_go_up() -> None:
    hiding = gateway(hide_credentials=True)
    told = hiding.ask("GET", "/p?a=%20b&apikey=k1&c=", {"X-Other": "o"})
    assert told.sent.path == "/p?a=%20b&c="
    assert hiding.ask("GET", "/p?apikey=k1").sent.path == "/p"
    told = hiding.ask("GET", "/p?apikey=other", {"ApiKey": "k1", "X-Other": "o"})
    assert (told.sent.header("apikey"), told.sent.header("x-other"), told.sent.path) == (None, "o", "/p")
    assert told.exchange.request.target == b"/p?apikey=other"


def test_a_query_of_many_arguments_costs_little_and_is_kept() -> None:
    query = "&".join(f"a{number}=%20" for number in range(5000))
    told = gateway(hide_credentials=True).ask("GET", f"/?{query}&apikey=k1")
    assert told.sent.path == f"/?{query}"


def test_preflights_may_be_let_through() -> None:
    assert gateway().ask("OPTIONS", "/").status == 401
    assert gateway(run_on_preflight=False).ask("OPTIONS", "/").status == 200
    assert gateway(run_on_preflight=False).ask("GET", "/").status == 401


@pytest.mark.parametrize("headers", [{}, {"apikey": "wrong"}])
def test_callers_without_a_key_may_be_taken_for_someone(headers: dict[str, str]) -> None:
    told = gateway(anonymous="guest").ask("GET", "/", {**headers, "X-Credential-Identifier": "forged"})
    assert told.status == 200
    assert told.sent.header("X-Consumer-Username") == "guest"
    assert told.sent.header("X-Anonymous-Consumer") == "true"
    assert told.sent.header("X-Credential-Identifier") is None
    assert told.exchange.credential is None


def test_anonymous_may_be_an_id() -> None:
    first = gateway()
    identity = first.snapshot.index("consumers", "username")["guest"]["id"]
    assert gateway(anonymous=identity).ask("GET", "/").sent.header("X-Consumer-Username") == "guest"


def test_an_anonymous_consumer_who_is_not_there() -> None:
    told = gateway(anonymous="nobody").ask("GET", "/")
    assert refused(told, "anonymous consumer nobody is configured but doesn't exist", 500)


def test_no_names_is_a_configuration_that_cannot_let_anyone_in() -> None:
    assert refused(gateway(key_names=[]).ask("GET", "/", {"apikey": "k1"}), "Invalid plugin configuration", 500)


def test_what_follows_is_chosen_for_the_consumer() -> None:
    config = proxied({"name": "key-auth"}, consumers=[ALICE])
    config["plugins"] = [
        {"name": "request-termination", "config": {"status_code": 418, "message": "for alice"}, "consumer": "alice"}
    ]
    assert Gateway(config).ask("GET", "/", {"apikey": "k1"}).json == {"message": "for alice"}


def test_a_bad_name_is_told() -> None:
    with pytest.raises(ConfigError, match="bad header name 'a b', allowed characters are A-Z"):
        gateway(key_names=["a b"])


def test_a_key_taken_back_stops_working_with_the_next_configuration() -> None:
    changing = gateway()
    assert changing.ask("GET", "/", {"apikey": "k1"}).status == 200
    changing.change(proxied({"name": "key-auth"}, consumers=[{"username": "alice"}]))
    assert changing.ask("GET", "/", {"apikey": "k1"}).status == 401


def test_keys_stay_out_of_the_access_log() -> None:
    logging = gateway()
    logging.ask("GET", "/p?apikey=k1")
    logging.ask("GET", "/p", {"apikey": "k1"})
    assert [json.loads(line)["path"] for line in logging.runtime.lines] == ["/p", "/p"]
    assert not any(b"k1" in line for line in logging.runtime.lines)


def test_a_key_that_has_expired_lets_nobody_in() -> None:
    runtime = TestRuntime()
    short = {"username": "short", "keyauth_credentials": [{"key": "brief", "ttl": runtime.wall() + 60}]}
    stage = Gateway(proxied({"name": "key-auth"}, consumers=[short]), runtime=runtime)
    runtime.pass_time(59)
    assert stage.ask("GET", "/", {"apikey": "brief"}).status == 200
    runtime.pass_time(1)
    assert refused(stage.ask("GET", "/", {"apikey": "brief"}), "Unauthorized")
