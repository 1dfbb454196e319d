"""Names are looked up within a limit of time; a resolver that hangs holds nobody up."""

from __future__ import annotations

import threading

import pytest

from quickstart.reach.names import NameSlow, NameUnknown, resolve


def refuse(host: str, port: int) -> list[str]:
    raise OSError(-2, "Name or service not known")


def test_an_address_is_its_own_and_asks_nobody() -> None:
    assert resolve("127.0.0.1", 1, lookup=refuse) == ["127.0.0.1"]
    assert resolve("::1", 1, lookup=refuse) == ["::1"]


def test_this_machine_has_a_name() -> None:
    assert resolve("localhost", 80)


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(NameUnknown, match="not known"):
        resolve("x.invalid", 1, lookup=refuse)
    with pytest.raises(NameUnknown, match="no address"):
        resolve("x.invalid", 1, lookup=lambda host, port: [])


def test_a_resolver_that_hangs_is_given_up() -> None:
    release = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        release.wait(30)
        return []

    with pytest.raises(NameSlow, match=r"0\.05 s"):
        resolve("x.example", 1, 0.05, hang)
    release.set()
