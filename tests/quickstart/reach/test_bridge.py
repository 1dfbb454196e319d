"""Interfaces of this machine, as they really are."""

from __future__ import annotations

from quickstart.reach import bridge


def test_loopback_is_found_both_ways() -> None:
    name = bridge.interface_of("127.0.0.1")
    assert bridge.address_of(name) == "127.0.0.1"


def test_what_nobody_has() -> None:
    assert bridge.interface_of("192.0.2.77") == bridge.USUAL
    assert bridge.address_of("no-such-interface") == ""


def test_programs() -> None:
    assert bridge.installed("sh") and not bridge.installed("no-such-program-here")
