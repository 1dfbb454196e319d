"""Upstreams beyond the recorded cases, which are in test_balancing_conformance.py."""

from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, proxied

from gateway.balancing import Place, place
from gateway.values import UpstreamError

REFUSED = Answer(error=UpstreamError("refused", "nobody listens", False))
PASSIVE = {"passive": {"unhealthy": {"http_failures": 1, "http_statuses": [500]}}}


def table(*weights: int, retries: int = 5, **upstream: Any) -> dict[str, Any]:
    made = proxied()
    made["services"][0] |= {"url": "http://up.test/base", "retries": retries}
    targets = [{"target": f"10.0.0.{number}:80", "weight": weight} for number, weight in enumerate(weights, 1)]
    return {**made, "upstreams": [{"name": "up.test", "targets": targets, **upstream}]}


def well(sent: Sent) -> Answer:
    return Answer(200, {}, sent.origin.host[-1].encode())


def letters(gateway: Gateway, count: int) -> str:
    return "".join(gateway.ask("GET", "/x", answer=well).body.decode() for _ in range(count))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.test:81", ("a.test", 81)), ("[::1]:82", ("::1", 82)), ("10.0.0.1:8000", ("10.0.0.1", 8000))],
)
def test_places(name: str, wanted: tuple[str, int]) -> None:
    assert place(name) == Place(*wanted)


def test_path_query_and_host_are_the_targets() -> None:
    told = Gateway(table(1)).ask("GET", "/x?a=1", {"Host": "client.test"}, answer=well)
    assert (told.sent.path, told.sent.header("host")) == ("/base/x?a=1", "10.0.0.1")
    kept = table(1)
    kept["services"][0]["routes"][0]["preserve_host"] = True
    assert Gateway(kept).ask("GET", "/x", {"Host": "client.test"}, answer=well).sent.header("host") == "client.test"


def test_tls_asks_for_the_name_in_host_header() -> None:
    made = table(1, host_header="inner.test")
    made["services"][0]["url"] = "https://up.test"
    sent = Gateway(made).ask("GET", "/x", answer=well).sent
    assert (sent.origin.scheme, sent.origin.server_name, sent.header("host")) == (
        "https",
        "inner.test",
        "inner.test:80",
    )


def test_the_place_in_the_turns_survives_a_change() -> None:
    gateway = Gateway(table(2, 1))
    before = letters(gateway, 1)
    gateway.change(table(2, 1, tags=["changed"]))
    assert before + letters(gateway, 5) == "121121"


def test_an_ill_target_stays_ill_when_the_configuration_changes() -> None:
    gateway = Gateway(table(1, 1, healthchecks=PASSIVE))
    for _ in range(2):
        gateway.ask("GET", "/x", answer=lambda sent: Answer(500 if sent.origin.host.endswith("1") else 200))
    gateway.change(table(1, 1, healthchecks=PASSIVE, tags=["changed"]))
    assert letters(gateway, 4) == "2222"


def test_too_little_weight_that_is_well_takes_the_upstream_out() -> None:
    checks = {**PASSIVE, "threshold": 60}
    gateway = Gateway(table(1, 1, healthchecks=checks))
    for _ in range(2):
        gateway.ask("GET", "/x", answer=lambda sent: Answer(500 if sent.origin.host.endswith("1") else 200))
    assert gateway.ask("GET", "/x", answer=well).status == 503


def test_a_retry_goes_elsewhere_first_and_comes_back_when_all_failed() -> None:
    told = Gateway(table(1, 1, retries=3)).ask("GET", "/x", answer=REFUSED)
    assert told.status == 502
    tried = [sent.origin.host for sent in told.attempts]
    assert len(tried) == 4
    assert len(set(tried[:2])) == 2


def test_a_hashed_request_moves_on_when_its_target_fails() -> None:
    gateway = Gateway(table(1, 1, 1, hash_on="ip"))
    home = letters(gateway, 1)
    down = f"10.0.0.{home}"
    moved = gateway.ask("GET", "/x", answer=lambda sent: REFUSED if sent.origin.host == down else well(sent))
    assert (moved.status, moved.body.decode() != home) == (200, True)
    assert letters(gateway, 3) == home * 3


def test_nothing_is_left_under_way() -> None:
    gateway = Gateway(table(1, 1, algorithm="least-connections"))
    gateway.ask("GET", "/x", answer=REFUSED)
    gateway.ask("GET", "/x", answer=well)
    exchange = gateway.exchange("GET", "/x")
    exchange.start()
    peers = gateway.snapshot.balancers["up.test"].peers
    assert sum(peer.record.in_flight for peer in peers) == 1
    exchange.finish(0, 0, True)
    assert sum(peer.record.in_flight for peer in peers) == 0


def test_the_latency_algorithm_prefers_the_fast_one() -> None:
    gateway = Gateway(table(1, 1, algorithm="latency"))

    def timed(sent: Sent) -> Answer:
        gateway.runtime.pass_time(2.0 if sent.origin.host.endswith("1") else 0.1)
        return well(sent)

    seen = [gateway.ask("GET", "/x", answer=timed).body for _ in range(6)]
    assert seen[2:] == [b"2"] * 4


def test_a_service_that_names_no_upstream_is_left_alone() -> None:
    gateway = Gateway({**table(1), **proxied()})
    assert gateway.ask("GET", "/x", answer=well).exchange.attempts is None
