"""Which results make a peer ill or well."""

from typing import Any

from gateway.choosing import Record
from gateway.peer_health import HealthRules
from gateway.values import UpstreamError


def rules(type: str = "http", **thresholds: int) -> HealthRules:
    check: dict[str, Any] = {
        "type": type,
        "healthy": {"http_statuses": [200], "successes": thresholds.pop("successes", 1)},
        "unhealthy": {"http_statuses": [500], "http_failures": 0, "tcp_failures": 0, "timeouts": 0, **thresholds},
    }
    return HealthRules(check)


def failed(made: HealthRules, record: Record, kind: str) -> bool:
    made.failed(record, UpstreamError(kind, "", True))
    return record.ill


def test_failures_count_until_a_success() -> None:
    made, record = rules(http_failures=2), Record()
    for status in (500, 200, 500, 404, 302):
        made.answered(record, status)
        assert not record.ill
    made.answered(record, 500)
    assert record.ill
    made.answered(record, 200)
    assert not record.ill


def test_kinds_are_counted_apart() -> None:
    made, record = rules(http_failures=2, tcp_failures=2, timeouts=2), Record()
    made.answered(record, 500)
    assert not failed(made, record, "refused")
    assert not failed(made, record, "timeout")
    assert failed(made, record, "connect_timeout")


def test_zero_is_never() -> None:
    made, record = rules(), Record()
    for kind in ("refused", "timeout", "closed") * 300:
        assert not failed(made, record, kind)
    made.answered(record, 500)
    assert not record.ill
    assert not rules(successes=0).counts


def test_successes_in_a_row_are_wanted() -> None:
    made, record = rules(http_failures=1, successes=2), Record()
    for status, ill in ((500, True), (200, True), (500, True), (200, True), (200, False)):
        made.answered(record, status)
        assert record.ill is ill


def test_statuses_mean_nothing_to_a_tcp_check() -> None:
    made, record = rules("tcp", http_failures=1, tcp_failures=1), Record()
    made.answered(record, 500)
    assert not record.ill
    assert failed(made, record, "refused")
