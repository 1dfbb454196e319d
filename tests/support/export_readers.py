"""The tools that exports are made for, as tests ask them: Compose, Kubernetes' own schemas, published keys of Kong's
chart and of kongctl, an HCL parser. Not for: decK (support/deck.py).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from support.house import ROOT

SCHEMAS = ROOT / "tests" / "conformance" / "exports"


def compose_program() -> str:
    """Compose as it comes with the development tools."""
    found = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    assert found, "docker-compose is not beside this Python; it is among the development tools"
    return found


def compose(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [compose_program(), *words], cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def manifests(text: str) -> list[dict[str, Any]]:
    """Kubernetes objects, each checked strictly by the schema of its kind."""
    found = list(yaml.safe_load_all(text))
    for one in found:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
    return found


def fits(name: str, value: Any) -> None:
    """Raises jsonschema.ValidationError where a document does not fit tests/conformance/exports/NAME."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema, jsonschema.Draft202012Validator)


class _Kongctl(yaml.SafeLoader):
    """Reads kongctl's own tags: !env NAME, !file PATH, !secret, !ref."""


for _tag in ("!env", "!file", "!ref"):
    _Kongctl.add_constructor(_tag, lambda loader, node: f"{node.tag} {loader.construct_scalar(node)}")  # type: ignore[no-untyped-call]


def kongctl_document(text: str) -> Any:
    return yaml.load(text, Loader=_Kongctl)
