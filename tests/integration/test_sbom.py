"""The bill of materials that `make sbom` writes: valid by the schema that CycloneDX publishes, and everything that is
pinned is in it with its hashes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.house import ROOT

PARTS = ("gateway_image/requirements", "requirements", "requirements-model")
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
import json
for name in sys.argv[1:]:
    text = open(name).read()
    version = SchemaVersion[f"V{json.loads(text)['specVersion'].replace('.', '_')}"]
    problem = JsonStrictValidator(version).validate_str(text)
    print(problem or "valid")
    damaged = text.replace('"library"', '"no such type"')
    assert JsonStrictValidator(version).validate_str(damaged) is not None
"""


def pinned(lock: Path) -> dict[tuple[str, str], set[str]]:
    """(package, version) -> its sha256 sums."""
    found: dict[tuple[str, str], set[str]] = {}
    for line in lock.read_text().replace("\\\n", " ").splitlines():
        name, _, rest = line.partition("==")
        if rest:
            found[name.strip(), rest.split()[0]] = set(re.findall(r"sha256:([0-9a-f]{64})", rest))
    return found


@pytest.mark.timeout(300)
def test_it_is_valid_and_names_all_that_is_pinned(sdk: Callable[[str], Path], tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    python = sdk("sbom")
    subprocess.run(["make", "-s", "sbom", f"SBOM_PYTHON={python}", f"DIST={tmp_path}"], cwd=ROOT, check=True)
    files = [tmp_path / f"sbom-{part.replace('/', '-')}.cdx.json" for part in PARTS]
    told = subprocess.run([python, "-W", "ignore", "-c", VALIDATE, *files], capture_output=True, text=True)
    assert told.stdout.split() == ["valid"] * 3, told.stdout + told.stderr
    for part, file in zip(PARTS, files, strict=True):
        listed = {
            (one["name"], one["version"]): {
                sum_["content"] for place in one["externalReferences"] for sum_ in place.get("hashes", ())
            }
            for one in json.loads(file.read_text())["components"]
        }
        wanted = pinned(ROOT / f"{part}.txt")
        assert wanted and listed == wanted
