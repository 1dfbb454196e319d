"""Makes a stand-in for an image such as python:3.13-slim from the Debian packages and a Python of this machine, without
a registry. Not for: users; their engine pulls the real image.

Usage: base_image.py TAG
"""

from __future__ import annotations

import io
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

LIBRARIES = Path("/usr/lib") / f"{platform.machine()}-linux-gnu"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
NOT_PACKED = re.compile(r"/usr/share/(doc|man|locale|info|lintian|bug)(/|$)|/(usr/)?lib/systemd")
NOT_IN_PYTHON = re.compile(
    r"/(test|tests|idlelib|tkinter|turtledemo|lib2to3|__pycache__|config-[^/]+|site-packages/(?!pip)[^/]+)(/|$)|_test\w*\.\w+\.so$"
)
DIRECTORIES = {"proc": 0o755, "sys": 0o755, "dev": 0o755, "run": 0o755, "root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777}


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


class Debian:
    """The packages installed on this machine and what they need."""

    def __init__(self) -> None:
        fields = "${Package}\t${Essential}\t${db:Status-Status}\t${Pre-Depends}, ${Depends}\t${Provides}\n"
        self.needs: dict[str, str] = {}
        self.essential: list[str] = []
        self.provider: dict[str, str] = {}
        for line in output("dpkg-query", "-W", "-f", fields).splitlines():
            name, essential, status, needs, provides = line.split("\t")
            if status != "installed":
                continue
            self.needs[name] = needs
            if essential == "yes":
                self.essential.append(name)
            for virtual in provides.split(","):
                self.provider.setdefault(virtual.split("(")[0].strip(), name)

    def closure(self, *names: str) -> list[str]:
        """The essential packages, `names` and everything they depend on, as far as it is installed here."""
        todo, found = [*self.essential, *names], set[str]()
        while todo:
            wanted = todo.pop()
            name = wanted if wanted in self.needs else self.provider.get(wanted, "")
            if not name or name in found:
                continue
            found.add(name)
            for alternatives in self.needs[name].split(","):
                choices = [re.sub(r"[ (:].*", "", choice.strip()) for choice in alternatives.split("|")]
                todo += [c for c in choices if c in self.needs or c in self.provider][:1]
        return sorted(found)

    def files(self, *names: str) -> Iterator[Path]:
        listed = set(output("dpkg-query", "-L", *self.closure(*names)).splitlines())
        listed |= {"/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives/awk", "/usr/bin/awk", str(BUNDLE)}
        for name in sorted(listed):
            path = Path(name)
            if path.is_absolute() and path.name and not NOT_PACKED.search(name):
                yield path.parent.resolve() / path.name  # /bin is a link to /usr/bin: one place per file


class Image:
    """A root file system, being written to a tar file."""

    def __init__(self, path: Path) -> None:
        self.tar = tarfile.open(path, "w")  # noqa: SIM115
        self.names: set[str] = set()

    def add(self, path: Path, at: Path | None = None) -> None:
        name = str(at or path).lstrip("/")
        if name not in self.names and (path.is_symlink() or path.exists()):
            self.names.add(name)
            self.tar.add(path, name, recursive=False)

    def text(self, name: str, content: str, mode: int = 0o644) -> None:
        self.names.add(name)
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content.encode()), mode
        self.tar.addfile(entry, io.BytesIO(content.encode()))

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(entry)

    def close(self) -> None:
        for name, mode in DIRECTORIES.items():
            if name not in self.names:
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode = tarfile.DIRTYPE, mode
                self.tar.addfile(entry)
        self.tar.add("/usr/share/base-passwd/passwd.master", "etc/passwd")
        self.tar.add("/usr/share/base-passwd/group.master", "etc/group")
        self.tar.close()


def add_built_python(image: Image, prefix: Path, word: str) -> None:
    """A Python that was compiled into a prefix of its own goes to /usr/local, with the libraries it was linked to."""
    library, target = prefix / "lib" / word, Path("/usr/local")
    image.add(prefix / "bin" / word, target / "bin" / word)
    binaries = [prefix / "bin" / word, *(library / "lib-dynload").glob("*.so")]
    for path in sorted(library.rglob("*")):
        if not NOT_IN_PYTHON.search(str(path.relative_to(prefix))) or path == library / "site-packages":
            image.add(path, target / path.relative_to(prefix))
    wanted = set(re.findall(r"=> (/\S+)", output("ldd", *map(str, binaries))))
    for name in sorted(wanted):
        image.add(Path(name).resolve(), LIBRARIES / Path(name).name)


def main(tag: str) -> None:
    word = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = Path(sys.base_prefix)
    distribution = prefix == Path("/usr")
    with tempfile.TemporaryDirectory() as folder:
        image = Image(Path(folder) / "root.tar")
        extra = ("python3", "python3-pip") if distribution else ()
        for path in Debian().files("apt", "ca-certificates", "openssl", *extra):
            if path.name != "EXTERNALLY-MANAGED" and str(path) not in ("/etc/passwd", "/etc/group"):
                image.add(path)
        if not distribution:
            add_built_python(image, prefix, word)
        image.link("usr/local/bin/python3", f"/usr/bin/{word}" if distribution else word)
        image.link("usr/local/bin/python", "python3")
        image.text("usr/local/bin/pip", '#!/bin/sh\nexec python3 -m pip "$@"\n', 0o755)
        # Where the machine's network speaks through a certificate authority of its own, so must pip in the image.
        image.text("etc/pip.conf", f"[global]\ncert = {BUNDLE}\n")
        image.close()
        settings = ("PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8", f"SSL_CERT_FILE={BUNDLE}")
        changes = [word for setting in settings for word in ("-c", f"ENV {setting}")]
        subprocess.run(
            ["docker", "import", *changes, "-c", 'CMD ["python3"]', str(Path(folder) / "root.tar"), tag], check=True
        )
    check = "import ctypes, lzma, sqlite3, ssl, pip; print('ok')"
    subprocess.run(
        ["docker", "run", "--rm", "--pull", "never", "--network", "none", tag, "python", "-c", check], check=True
    )


if __name__ == "__main__":
    main(sys.argv[1])
