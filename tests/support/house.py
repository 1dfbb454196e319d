"""Reads the source tree for the architecture tests: rooms, their imports, the layers written down in ARCHITECTURE.md.

Not for: judging; the tests do that.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = {"gateway": ROOT / "gateway_image" / "gateway", "quickstart": ROOT / "quickstart"}
TEXT = {"", ".css", ".html", ".j2", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml"}
NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}


@dataclass(frozen=True)
class Room:
    """One module. `name` is dotted: gateway.providers.cohere; a package's __init__ has the package's name."""

    name: str
    path: Path

    @property
    def shown(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @functools.cached_property
    def text(self) -> str:
        return self.path.read_text()

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @functools.cached_property
    def imports(self) -> frozenset[str]:
        """Dotted names of everything imported anywhere in the room, relative imports resolved.

        `from a import b` counts as a.b where that is a room, else as a. What is imported for the type checker alone is
        left out: it creates no dependency when the program runs.
        """
        found: set[str] = set()
        unseen = {id(inner) for node in ast.walk(self.tree) if _for_types_only(node) for inner in ast.walk(node)}
        for node in ast.walk(self.tree):
            if id(node) in unseen:
                continue
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parts = self.name.split(".")
                    parents = parts[: len(parts) - node.level + self.is_package]
                    base = ".".join([*parents, *base.split(".")]).rstrip(".")
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    found.add(inner if _is_room(inner) else base)
        return frozenset(found)

    def calls(self) -> Iterator[str]:
        """Dotted names of what is called: "print", "time.sleep"."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func)


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _is_room(name: str) -> bool:
    package, _, rest = name.partition(".")
    if package not in PACKAGES or not rest:
        return False
    path = PACKAGES[package].joinpath(*rest.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@functools.cache
def rooms(package: str) -> tuple[Room, ...]:
    found = []
    for path in sorted(PACKAGES[package].rglob("*.py")):
        parts = [package, *path.relative_to(PACKAGES[package]).with_suffix("").parts]
        found.append(Room(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return tuple(found)


@functools.cache
def layers(package: str) -> tuple[tuple[str, ...], ...]:
    """The lines of the ```PACKAGE-layers block in ARCHITECTURE.md, top first; names without the package."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    block = re.search(rf"^```{package}-layers\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block, f"ARCHITECTURE.md has no block {package}-layers"
    return tuple(tuple(line.split()) for line in block[1].splitlines() if line.strip())


def line_of(package: str, room: str) -> int | None:
    """Index of the layer a room is on (0 = top): its own name is listed, or that of a folder around it."""
    inner = room.partition(".")[2]
    while inner:
        for index, names in enumerate(layers(package)):
            if inner in names:
                return index
        inner = inner.rpartition(".")[0]
    return None


@functools.cache
def text_files() -> tuple[Path, ...]:
    """Every text file of the project, made and hidden folders left out, .ci and .pre-commit-config.yaml included."""

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                if path.name not in NOT_OURS and (path.name == ".ci" or not path.name.startswith(".")):
                    yield from walk(path)
            elif path.suffix in TEXT and path.name != ".git":
                yield path

    return tuple(walk(ROOT))
