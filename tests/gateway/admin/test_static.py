"""The files of the pages and their headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.admin_api import read, request
from support.house import ROOT

from gateway.admin.static import POLICY, TYPES, Static
from quickstart import image

ADMIN = ROOT / "gateway_image" / "gateway" / "admin"


@pytest.fixture
def files(tmp_path: Path) -> Static:
    (tmp_path / "kit").mkdir()
    (tmp_path / "index.html").write_text("<title>x</title>")
    (tmp_path / "kit" / "a.js").write_text("1")
    (tmp_path / "secret.txt").write_text("no")
    (tmp_path.parent / "outside.js").write_text("no")
    return Static.of(tmp_path, parts={"shared": tmp_path / "kit"})


def test_types_and_the_index(files: Static) -> None:
    page = files.answer(request("GET", "/"), ())
    assert page is not None
    assert read(page).headers["Content-Type"] == "text/html; charset=utf-8"
    script = files.answer(request("GET", "/kit/a.js"), ("kit", "a.js"))
    assert script is not None
    assert read(script).headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert files.answer(request("GET", "/shared/a.js"), ("shared", "a.js")) is not None


@pytest.mark.parametrize(
    "segments", [("secret.txt",), ("..", "outside.js"), ("../outside.js",), ("kit",), ("kit", ""), ("a.js\0",)]
)
def test_what_is_not_in_the_table_does_not_exist(files: Static, segments: tuple[str, ...]) -> None:
    assert files.answer(request("GET", "/"), segments) is None


def test_a_browser_that_has_it_is_told_so(files: Static) -> None:
    first = files.answer(request("GET", "/"), ())
    assert first is not None
    tag = read(first).headers["ETag"]
    again = files.answer(request("GET", "/", headers={"If-None-Match": f'"other", W/{tag}'}), ())
    assert again is not None and (again.status, again.body) == (304, b"")
    assert read(again).headers["Content-Security-Policy"] == POLICY.decode()
    changed = files.answer(request("GET", "/", headers={"If-None-Match": '"other"'}), ())
    assert changed is not None and changed.status == 200


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.decode().split("; "))
    assert rules["default-src"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert {rules[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert "unsafe" not in POLICY.decode()


@pytest.mark.parametrize("folder", ["ui", "portal"])
def test_our_pages_hold_no_inline_script_or_style_and_name_no_other_place(folder: str) -> None:
    for path in sorted((ADMIN / folder).rglob("*")):
        if path.suffix not in TYPES or "vendor" in path.parts:
            continue
        text = path.read_text()
        assert "onclick=" not in text and "dangerouslySetInnerHTML" not in text and "innerHTML" not in text
        assert ' style="' not in text and "style=${" not in text, path
        if path.suffix == ".html":
            assert "<style" not in text and "<script>" not in text
            assert "http://" not in text and "https://" not in text


def test_vendored_modules_have_their_licences() -> None:
    vendor = ADMIN / "ui" / "vendor"
    told = (vendor / "README.md").read_text()
    for module in vendor.glob("*.mjs"):
        assert f"`{module.name}`" in told
    assert "MIT License" in (vendor / "LICENSE-preact").read_text()
    assert "Apache License" in (vendor / "LICENSE-htm").read_text()


def test_the_image_gets_the_pages_too() -> None:
    content = image.content()
    for folder in ("ui", "portal"):
        for path in sorted((ADMIN / folder).rglob("*")):
            if path.is_file():
                assert content[f"gateway/admin/{path.relative_to(ADMIN).as_posix()}"] == path.read_bytes()
