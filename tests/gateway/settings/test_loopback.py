"""Who is this machine."""

from __future__ import annotations

import pytest

from gateway.settings.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "models.localhost", "LOCALHOST"])
def test_names_and_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.test", "notlocalhost", "0.0.0.0", "::", ""])
def test_other_hosts_are_no_loopback(host: str) -> None:
    assert not is_loopback(host)
