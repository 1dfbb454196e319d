"""decK and a gateway for it to configure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from support import deck as deck_program
from support.deck import Deck
from support.deck_file import Row
from support.gateway_process import GatewayProcess


@pytest.fixture(scope="session")
def deck_binary() -> Path:
    """Building it the first time takes minutes; where that cannot be, a test is skipped, but fails in CI."""
    try:
        return deck_program.binary()
    except deck_program.Unavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must run this, and {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def empty_gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    file = tmp_path / "start.yml"
    file.write_text('_format_version: "3.0"\n')
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "1"}) as gateway:
        yield gateway


@pytest.fixture
def deck(deck_binary: Path, empty_gateway: GatewayProcess, tmp_path: Path) -> Deck:
    return Deck(deck_binary, f"http://127.0.0.1:{empty_gateway.ports['ADMIN']}", tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Row], Path]:
    """Writes a decK file."""

    def written(name: str, document: Row) -> Path:
        file = tmp_path / name
        file.write_text(yaml.safe_dump({"_format_version": "3.0", **document}, sort_keys=False))
        return file

    return written
