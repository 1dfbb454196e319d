"""install.sh with pip and with uv: the same hashes, bundles, mirrors, proxies and certificates with either tool."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import Pair, make_authority, make_certificate
from support.package_index import ConnectProxy, PackageIndex
from support.tiny_project import TinyProject, sha256

pytestmark = pytest.mark.timeout(120)
NOWHERE = "http://127.0.0.1:9/simple"


def uv() -> str | None:
    beside = Path(sysconfig.get_path("scripts")) / "uv"
    return str(beside) if beside.exists() else shutil.which("uv")


@pytest.fixture(params=["pip", "uv"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment with this tool and no index."""
    path = "/usr/bin:/bin"
    if request.param == "uv":
        found = uv()
        if found is None:
            pytest.skip("uv is not installed")
        (tmp_path / "uv").mkdir()
        (tmp_path / "uv" / "uv").symlink_to(found)
        path = f"{tmp_path}/uv:{path}"
    elif shutil.which("uv", path=path):
        pytest.skip("uv is among the system's programs, so that pip is never asked")
    home = tmp_path / "a home"
    home.mkdir()
    return {"HOME": str(home), "PATH": path, "AI_GATEWAY_PYTHON": sys.executable, "PIP_INDEX_URL": NOWHERE,
            "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": str(tmp_path / "c1"),
            "PIP_CACHE_DIR": str(tmp_path / "c2")}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "a bundle")


def install(project: TinyProject, tools: dict[str, str], *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(project.folder / "install.sh"), *words, "--yes"]
    return subprocess.run(
        command, env={**tools, **more}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100,
        cwd=tools["HOME"], start_new_session=True,
    )  # fmt: skip


def place(tools: dict[str, str]) -> Path:
    return Path(tools["HOME"]) / ".local" / "share" / "ai-gateway"


@pytest.mark.parametrize("kind", ["unpacked", "archive", "after another word", "variable"])
def test_a_bundle_needs_no_network(kind: str, project: TinyProject, tools: dict[str, str]) -> None:
    archive = project.archive()
    words, more = {
        "unpacked": ([], {}),
        "archive": (["--bundle", str(archive)], {"AI_GATEWAY_SHA256": sha256(archive)}),
        "after another word": (["--strict", f"--bundle={archive}"], {}),
        "variable": ([], {"AI_GATEWAY_BUNDLE": str(archive)}),
    }[kind]
    done = install(project, tools, *words, **more)
    assert done.returncode == 0, done.stderr
    strict = "--strict " if "--strict" in words else ""
    assert done.stdout == f"ai-gateway 1.2.3 setup {strict}--yes\n"
    assert (place(tools) / "venv" / "receipt").read_text().splitlines()[0].startswith("source=/")
    again = install(project, tools, *words, **more)
    assert "up to date" in again.stderr


def test_wheels_of_the_model_stay_for_setup(project: TinyProject, tools: dict[str, str]) -> None:
    (project.folder / "model").mkdir()
    (project.folder / "model" / "weights-1.whl").write_bytes(b"x")
    project.sum()
    assert install(project, tools).returncode == 0
    assert (place(tools) / "wheels" / "weights-1.whl").read_bytes() == b"x"
    assert (project.folder / "model" / "weights-1.whl").exists(), "a copy, not a move"


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "cut"])
def test_a_damaged_bundle_installs_nothing(damage: str, project: TinyProject, tools: dict[str, str]) -> None:
    words: list[str] = []
    if damage == "changed":
        project.replace_what_it_needs()
    elif damage == "missing":
        project.needs.unlink()
    elif damage == "added":
        (project.folder / "wheels" / "more-1.0-py3-none-any.whl").write_bytes(b"")
    else:
        archive = project.archive()
        archive.write_bytes(archive.read_bytes()[:-200])
        words = ["--bundle", str(archive)]
    done = install(project, tools, *words)
    assert done.returncode == 3
    assert "damaged" in done.stderr and "Nothing was installed" in done.stderr
    assert not place(tools).exists()


def test_a_bundle_for_others_says_for_whom(project: TinyProject, tools: dict[str, str]) -> None:
    project.say("macosx-14.0-arm64", "3.98 3.99")
    project.sum()
    done = install(project, tools)
    assert done.returncode == 3 and "macosx-14.0-arm64, Python 3.98 3.99" in done.stderr
    assert sysconfig.get_platform() in done.stderr and not place(tools).exists()


def test_a_bundle_with_another_sum_is_refused(project: TinyProject, tools: dict[str, str]) -> None:
    done = install(project, tools, "--bundle", str(project.archive()), AI_GATEWAY_SHA256="0" * 64)
    assert done.returncode == 3 and "has not the sha256" in done.stderr
    done = install(project, tools, "--bundle=/no/such/file")
    assert done.returncode == 3 and "/no/such/file: no such file" in done.stderr


def test_both_tools_refuse_a_wheel_whose_hash_is_not_the_pinned_one(
    project: TinyProject, tools: dict[str, str]
) -> None:
    """Even where the sums of the bundle were made to fit: the list inside the project's wheel says otherwise."""
    project.replace_what_it_needs()
    project.sum()
    done = install(project, tools)
    assert done.returncode == 3 and "Nothing was changed" in done.stderr
    assert "hash" in done.stderr.lower()
    assert not (place(tools) / "venv").exists()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pair, Pair]]:
    folder = tmp_path_factory.mktemp("authority")
    made = make_authority(folder)
    yield made, make_certificate(folder, made, "index.test")


@pytest.mark.parametrize("variable", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", ""])
def test_through_a_proxy_from_a_mirror_whose_certificate_is_the_companys_own(
    variable: str, project: TinyProject, tools: dict[str, str], authority: tuple[Pair, Pair]
) -> None:
    """The name index.test exists for the proxy only."""
    issuer, certificate = authority
    with PackageIndex(project.needs.parent, certificate) as index, ConnectProxy(index.port) as proxy:
        more = {"AI_GATEWAY_SOURCE": str(project.wheel), "AI_GATEWAY_SHA256": sha256(project.wheel)}
        more |= {"HTTPS_PROXY": proxy.url, "PIP_INDEX_URL": "https://index.test/simple"}
        if variable:
            more[variable] = str(issuer.certificate)
        (project.folder / "SHA256SUMS").unlink()  # not a bundle any more: a wheel, and a network
        done = install(project, tools, **more)
        assert "index.test:443" in proxy.asked, done.stderr
    if variable:
        assert (done.returncode, done.stdout) == (0, "ai-gateway 1.2.3 setup --yes\n"), done.stderr
    else:
        assert done.returncode == 3 and "certificate" in done.stderr.lower()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root makes network namespaces")
def test_a_bundle_where_there_is_no_network_at_all(project: TinyProject, tools: dict[str, str]) -> None:
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("network namespaces are not allowed here")
    command = ["unshare", "-n", "sh", str(project.folder / "install.sh"), "--yes"]
    done = subprocess.run(command, env=tools, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "ai-gateway 1.2.3 setup --yes\n"), done.stderr
