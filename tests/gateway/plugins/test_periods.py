"""Periods of the calendar in UTC, held against the standard library's own calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._periods import PERIODS, period

moments = st.datetimes(datetime(1971, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))


def start_of(kind: str, moment: datetime) -> datetime:
    fields = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "microsecond": 0}
    kept = ["year", "month", "day", "hour", "minute", "second"]
    return moment.replace(**{name: least for name, least in fields.items() if name not in kept[: kept.index(kind) + 1]})


@given(moment=moments, kind=st.sampled_from(PERIODS))
def test_a_period_holds_its_moment_and_meets_the_next(moment: datetime, kind: str) -> None:
    now = moment.timestamp()
    one = period(kind, now)
    assert one.start == start_of(kind, moment).timestamp()
    assert one.start <= now < one.end
    following = period(kind, one.end)
    assert (following.start, following.number) == (one.end, one.number + 1)
    assert 1 <= one.rest(now) <= one.end - one.start


@pytest.mark.parametrize(
    ("day", "days"), [("2026-02-10", 28), ("2028-02-10", 29), ("2026-11-30", 30), ("2026-12-31", 31)]
)
def test_months_are_as_long_as_they_are(day: str, days: int) -> None:
    one = period("month", datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    assert one.end - one.start == timedelta(days=days).total_seconds()


def test_the_rest_of_a_minute_as_kong_told_it() -> None:
    now = datetime(2026, 11, 22, 3, 30, 13, 400_000, tzinfo=UTC).timestamp()
    assert period("minute", now).rest(now) == 47
    assert period("second", now).rest(now) == 1
