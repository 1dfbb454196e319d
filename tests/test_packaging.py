"""What is pinned, packaged and checked agrees: pyproject.toml, the requirement files, the Makefile, ARCHITECTURE.md."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from support.house import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = [
    "requirements.txt",
    "gateway_image/requirements.txt",
    "requirements-dev.txt",
    "requirements-build.txt",
    "requirements-model.txt",
]
ALONE = [
    "requirements-sdk.txt",
    "requirements-sdk-frameworks.txt",
    "requirements-sdk-old.txt",
    "requirements-schemathesis.txt",
    "requirements-sbom.txt",
    "requirements-litellm.txt",
]
"""Each is installed alone, so these may disagree."""


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def pins(lock: str) -> dict[str, str]:
    """Package -> its first line in the lock."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return {name_of(line): line for line in text.splitlines() if line.strip()}


def version(line: str) -> str:
    found = re.search(r"==([\w.]+)", line)
    assert found, line
    return found[1]


@pytest.mark.parametrize("lock", [*LOCKS, *ALONE])
def test_everything_is_pinned_by_hash_and_by_no_index(lock: str) -> None:
    lines = pins(lock)
    assert lines
    for name, line in lines.items():
        assert "==" in line, f"{lock}: {name} is not pinned"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), f"{lock}: {name} has no hash"
        assert "://" not in line, f"{lock}: {name} names an address"


def test_what_npm_installs_is_pinned_by_hash_and_by_no_address() -> None:
    lock = json.loads((ROOT / "tests" / "bench" / "portkey" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert not [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")]
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_no_two_locks_disagree() -> None:
    seen: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, line in pins(lock).items():
            seen.setdefault(name, set()).add(version(line))
    assert not {name: versions for name, versions in seen.items() if len(versions) > 1}


def test_the_locks_hold_what_the_project_asks_for() -> None:
    wanted = {name_of(requirement) for requirement in PROJECT["project"]["dependencies"]}
    gateway = {name_of(requirement) for requirement in PROJECT["dependency-groups"]["gateway"]}
    assert gateway < wanted
    assert wanted <= pins("requirements.txt").keys()
    assert gateway <= pins("gateway_image/requirements.txt").keys()
    for group, lock in (
        ("dev", "requirements-dev.txt"),
        ("build", "requirements-build.txt"),
        ("model", "requirements-model.txt"),
        *((lock.removeprefix("requirements-").removesuffix(".txt"), lock) for lock in ALONE),
    ):
        assert {name_of(requirement) for requirement in PROJECT["dependency-groups"][group]} <= pins(lock).keys()
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


def test_the_gateways_requirements_are_the_same_in_both_places() -> None:
    asked = {name_of(r): r for r in PROJECT["project"]["dependencies"]}
    assert all(asked[name_of(r)] == r for r in PROJECT["dependency-groups"]["gateway"])


def test_every_dependency_has_its_reason_written_down() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for requirement in [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["model"]]:
        assert f"`{name_of(requirement)}`" in text, f"ARCHITECTURE.md does not say why {name_of(requirement)} is there"
    for requirement in (one for group in PROJECT["dependency-groups"].values() for one in group):
        assert name_of(requirement) in text.lower(), f"ARCHITECTURE.md does not say what {name_of(requirement)} is for"


def test_the_wheel_carries_every_file_that_the_program_looks_up() -> None:
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, target in included.items():
        assert (ROOT / source).exists(), f"{source} is packaged and does not exist"
        assert target == f"quickstart/resources/{source}", "assets.find() looks for it under the same name"


def test_pre_commit_runs_what_make_lint_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert {repository["repo"] for repository in hooks} == {"local"}
    tools = {Path(hook["entry"].split()[0]).name for repository in hooks for hook in repository["hooks"]}
    lint = (ROOT / "Makefile").read_text().split("lint:")[1].split("\n\n")[0]
    assert tools == set(re.findall(r"\$\(BIN\)/(\w+)", lint)) == {"ruff", "mypy", "shellcheck"}


def test_the_readme_starts_with_the_two_commands() -> None:
    commands = re.findall(
        r"^(?:\$ )?(\./install\.sh|make test)( --yes)?", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert commands[:2] == [("./install.sh", " --yes"), ("make test", "")]
