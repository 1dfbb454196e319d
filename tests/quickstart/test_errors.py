"""The exit codes are a promise to scripts: each error has its own, and a subclass may be overridden per raise."""

from __future__ import annotations

import pytest

from quickstart import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.QuickstartError, 1),
        (errors.UsageError, 2),
        (errors.EnvironmentProblem, 3),
        (errors.PortTaken, 4),
        (errors.ProviderUnhealthy, 5),
        (errors.KonnectError, 6),
        (errors.Cancelled, 130),
    ],
)
def test_every_kind_has_its_exit_code(kind: type[errors.QuickstartError], code: int) -> None:
    error = kind("what happened", "what to type")
    assert (error.exit_code, str(error), error.hint) == (code, "what happened", "what to type")


def test_one_raise_may_choose_its_code() -> None:
    assert errors.QuickstartError("x", exit_code=3).exit_code == 3


def test_cancelling_promises_that_nothing_changed() -> None:
    assert "Nothing was changed" in str(errors.Cancelled())
