"""The smallest thing that install.sh can install: a project wheel that carries a list of one pinned wheel, made by
hand; as a bundle too. A test that is about the installer does not wait for thirty packages.

Not for: what the real project needs (tests/install/test_install_real.py, test_install_bundle.py).
"""

from __future__ import annotations

import hashlib
import shutil
import sysconfig
import zipfile
from pathlib import Path

from support.house import ROOT

PYTHON = ".".join(sysconfig.get_python_version().split(".")[:2])
PROGRAM = "def main():\n    import sys, tiny\n    print('ai-gateway', tiny.VERSION, *sys.argv[1:])\n"


def wheel(folder: Path, name: str, version: str, files: dict[str, str], entry: str = "") -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    whole = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry:
        whole[f"{info}/entry_points.txt"] = f"[console_scripts]\n{entry}\n"
    whole[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*whole, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in whole.items():
            archive.writestr(each, text)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class TinyProject:
    """`wheel` is the project, `needs` the one wheel it needs, pinned by its hash, `folder` a bundle of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.needs = wheel(folder / "wheels", "tiny", "1.0", {"tiny.py": "VERSION = '1.2.3'\n"})
        files = {
            "quickstart/__init__.py": PROGRAM,
            "quickstart/resources/requirements.txt": f"tiny==1.0 --hash=sha256:{sha256(self.needs)}\n",
        }
        name, entry = "ai_gateway_quickstart", "ai-gateway = quickstart:main"
        self.wheel = wheel(folder, name, "1.2.3", files, entry)
        shutil.copy(ROOT / "install.sh", folder)
        self.say()
        self.sum()

    def say(self, platform: str = "", pythons: str = PYTHON) -> None:
        text = f"platform={platform or sysconfig.get_platform()}\npythons={pythons}\n"
        (self.folder / "bundle").write_text(text)

    def sum(self) -> None:
        sums = self.folder / "SHA256SUMS"
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file() and path != sums)
        sums.write_text("".join(f"{sha256(path)}  {path.relative_to(self.folder)}\n" for path in paths))

    def archive(self) -> Path:
        made = shutil.make_archive(str(self.folder.with_name("archive")), "gztar", self.folder.parent, self.folder.name)
        return Path(made)

    def replace_what_it_needs(self) -> None:
        """Another wheel of the same name and version, as somebody between would put it there."""
        wheel(self.needs.parent, "tiny", "1.0", {"tiny.py": "VERSION = 'evil'\n"})
