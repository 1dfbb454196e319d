"""A mock of Konnect for each test, and somebody's home beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.konnect_mock.server import KonnectMock
from support.konnect_parts import Office


@pytest.fixture
def mock() -> Iterator[KonnectMock]:
    with KonnectMock() as made:
        yield made
        assert not made.wrong, "requests that Konnect's public API does not know"


@pytest.fixture
def office(tmp_path: Path, mock: KonnectMock) -> Office:
    return Office(tmp_path, mock)
