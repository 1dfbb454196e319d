"""Whether this machine has a browser for tests, and one that watches itself: every error on the console, every breach
of the Content-Security-Policy and every request to another origin is written down. Not for: what a test does with it.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.house import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
PICTURES = ROOT / ".test-artifacts" / "browser"
SECONDS = 30
WIDE = {"width": 1280, "height": 900}
_BREACHES = """addEventListener('securitypolicyviolation', (event) =>
    console.error('breach: ' + event.violatedDirective + ' ' + event.blockedURI))"""


@functools.cache
def missing() -> str:
    """Why browser tests cannot run here; "" when they can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "the Python package playwright is not installed; type: make test"
    if executable() is None:
        return f"none of {', '.join(NAMES)} is on the PATH; type: apt-get install chromium"
    return ""


def executable() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Watch:
    """What a page did that it should not have done."""

    origin: str
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of errors that a test provokes, such as "400 (Bad Request)"."""

    def see(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.on("console", lambda line: self.errors.append(f"console: {line.text}") if line.type == "error" else None)
        page.on("request", lambda asked: self._asked(asked.url))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.elsewhere.append(url)

    def check(self) -> None:
        left = [error for error in self.errors if not any(part in error for part in self.expected)]
        assert not left, left
        assert not self.elsewhere, f"asked somebody else: {self.elsewhere}"


@contextlib.contextmanager
def launched() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(browser: Any, url: str, **options: Any) -> Iterator[tuple[Any, Watch]]:
    """A page of its own at `url`, and what was seen of it; checked at the end."""
    context = browser.new_context(**{"viewport": WIDE, **options})
    context.set_default_timeout(SECONDS * 1000)
    context.add_init_script(_BREACHES)
    page = context.new_page()
    watch = Watch(url.rstrip("/"))
    watch.see(page)
    try:
        page.goto(url)
        yield page, watch
        watch.check()
    finally:
        context.close()


def keep(page: Any, name: str, full: bool = True) -> Path:
    """A picture of the page for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path, full_page=full)
    return path
