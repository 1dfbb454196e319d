"""What comes with the program is found both in a checkout and in an installed wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.house import ROOT

from quickstart import assets
from quickstart.errors import QuickstartError


@pytest.mark.parametrize("name", ["templates", "gateway_image/Dockerfile", "requirements-model.txt"])
def test_a_checkout_has_everything_at_its_top(name: str) -> None:
    assert assets.find(name) == ROOT / name


def test_the_folder_of_a_wheel_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "quickstart"
    (package / "resources" / "templates").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    monkeypatch.setattr(assets, "_PACKAGE", package)
    assert assets.find("templates") == package / "resources" / "templates"


def test_a_missing_part_is_named() -> None:
    with pytest.raises(QuickstartError, match=r"missing: no-such-part\.txt"):
        assets.find("no-such-part.txt")


def test_the_gateway_is_the_one_that_would_be_imported() -> None:
    assert assets.gateway_package() == ROOT / "gateway_image" / "gateway"


def test_a_child_with_this_import_path_finds_both_packages(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-P", "-c", "import quickstart, gateway; print(gateway.__path__[0])"],
        env={"PYTHONPATH": assets.import_path()}, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == str(assets.gateway_package())


def test_site_packages_is_never_put_before_the_standard_library() -> None:
    assert "site-packages" not in assets.import_path()
