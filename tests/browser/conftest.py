"""One browser and one gateway per test file; the gateway's providers are strict stand-ins on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support import chromium
from support.articles import Articles


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker("browser")
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Gone after each file: while it is there, its event loop counts as running, and no other test may start one."""
    with chromium.launched() as found:
        yield found


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Articles]:
    with Articles(tmp_path_factory.mktemp("articles")) as running:
        yield running


@pytest.fixture
def page(browser: Any, articles: Articles) -> Iterator[Any]:
    with chromium.opened(browser, articles.manager) as (page, watch):
        page.watch = watch
        yield page
