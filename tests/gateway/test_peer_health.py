"""Which results make a peer ill or well."""

from typing import Any

from gateway.health_marks import HealthMarks, Mark
from gateway.peer_health import HealthRules, checked, enough_weight
from gateway.values import UpstreamError


def rules(type: str = "http", **thresholds: int) -> HealthRules:
    check: dict[str, Any] = {
        "type": type,
        "healthy": {"http_statuses": [200], "successes": thresholds.pop("successes", 1)},
        "unhealthy": {"http_statuses": [500], "http_failures": 0, "tcp_failures": 0, "timeouts": 0, **thresholds},
    }
    return HealthRules(check)


def new_mark() -> Mark:
    return HealthMarks.create(64, shared=False).mark("u", "t")


def failed(made: HealthRules, mark: Mark, kind: str) -> bool:
    made.failed(mark, UpstreamError(kind, "", True))
    return mark.ill


def test_failures_count_until_a_success() -> None:
    made, mark = rules(http_failures=2), new_mark()
    for status in (500, 200, 500, 404, 302):
        made.answered(mark, status)
        assert not mark.ill
    made.answered(mark, 500)
    assert mark.ill
    made.answered(mark, 200)
    assert not mark.ill


def test_kinds_are_counted_apart() -> None:
    made, mark = rules(http_failures=2, tcp_failures=2, timeouts=2), new_mark()
    made.answered(mark, 500)
    assert not failed(made, mark, "refused")
    assert not failed(made, mark, "timeout")
    assert failed(made, mark, "connect_timeout")


def test_zero_is_never() -> None:
    made, mark = rules(), new_mark()
    for kind in ("refused", "timeout", "closed") * 300:
        assert not failed(made, mark, kind)
    made.answered(mark, 500)
    assert not mark.ill


def test_successes_in_a_row_are_wanted() -> None:
    made, mark = rules(http_failures=1, successes=2), new_mark()
    for status, ill in ((500, True), (200, True), (500, True), (200, True), (200, False)):
        made.answered(mark, status)
        assert mark.ill is ill


def test_statuses_mean_nothing_to_a_tcp_check() -> None:
    made, mark = rules("tcp", http_failures=1, tcp_failures=1), new_mark()
    made.answered(mark, 500)
    assert not mark.ill
    assert failed(made, mark, "refused")


def test_a_connection_is_a_success_of_a_tcp_check() -> None:
    made, mark = rules("tcp", tcp_failures=1), new_mark()
    assert failed(made, mark, "refused")
    made.connected(mark)
    assert not mark.ill


def upstream(active: dict[str, Any] | None = None, **passive: int) -> dict[str, Any]:
    off = {"healthy": {"interval": 0}, "unhealthy": {"interval": 0}}
    none = {"tcp_failures": 0, "timeouts": 0, "http_failures": 0}
    return {"healthchecks": {"active": {**off, **(active or {})}, "passive": {"unhealthy": {**none, **passive}}}}


def test_an_interval_or_a_passive_threshold_makes_a_check() -> None:
    assert not checked(upstream())
    assert checked(upstream({"healthy": {"interval": 1}}))
    assert checked(upstream({"unhealthy": {"interval": 0.5}}))
    assert all(checked(upstream(None, **{name: 1})) for name in ("tcp_failures", "timeouts", "http_failures"))


def test_the_threshold_is_a_share_of_the_weight() -> None:
    assert enough_weight(1, 100, 0) and enough_weight(50, 100, 50)
    assert not enough_weight(0, 100, 0) and not enough_weight(49, 100, 50)
