"""The user's files: where they are, how they are written so that a crash never leaves half of one.

    config  ~/.config/ai-gateway        secrets.env (0600), answers.yaml
    data    ~/.local/share/ai-gateway   venv/, model-venv/, gateway/kong.yml, deployment.json, konnect/
    state   ~/.local/state/ai-gateway   run/, logs/, history/, gateway/ (the gateway's own KONG_PREFIX)

The XDG_* variables move them. Not for: what is in the files (secret_file.py, deployment.py, render.py).
"""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quickstart.errors import EnvironmentProblem

NAME = "ai-gateway"
SETTINGS_NAME = "kong.yml"
EXPORTS_NAME = "kong.env"
AUTHORITIES_NAME = "ca.pem"
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Places:
    """Every path of ours. Nothing is created by looking."""

    home: Path
    config: Path
    data: Path
    state: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Places:
        """Reads HOME and XDG_*_HOME; without HOME the user database knows. Relative XDG paths are ignored, as the
        XDG specification asks. Raises EnvironmentProblem when there is no home at all."""
        home = _home(environ)

        def base(variable: str, usual: str) -> Path:
            given = environ.get(variable, "")
            return (Path(given) if given.startswith("/") else home / usual) / NAME

        return cls(
            home,
            base("XDG_CONFIG_HOME", ".config"),
            base("XDG_DATA_HOME", ".local/share"),
            base("XDG_STATE_HOME", ".local/state"),
        )

    @property
    def secrets(self) -> Path:
        return self.config / "secrets.env"

    @property
    def answers(self) -> Path:
        return self.config / "answers.yaml"

    @property
    def venv(self) -> Path:
        return self.data / "venv"

    @property
    def model_venv(self) -> Path:
        return self.data / "model-venv"

    @property
    def wheels(self) -> Path:
        """What a bundle left for installing the built-in model without a network; usually it does not exist."""
        return self.data / "wheels"

    @property
    def receipt(self) -> Path:
        """What install.sh noted of the installation: `name=value` lines."""
        return self.venv / "receipt"

    @property
    def configuration(self) -> Path:
        """What the gateway reads: a copy of the rendered kong.yml, so that a wiped /tmp does not matter."""
        return self.data / "gateway" / SETTINGS_NAME

    @property
    def authorities(self) -> Path:
        """A copy of the certificate authorities that a container trusts, beside the configuration it is given."""
        return self.configuration.with_name(AUTHORITIES_NAME)

    @property
    def deployment(self) -> Path:
        return self.data / "deployment.json"

    @property
    def konnect(self) -> Path:
        """The data plane's certificate and key, and the journal of what we have in Konnect."""
        return self.data / "konnect"

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def prefix(self) -> Path:
        return self.state / "gateway"

    @property
    def history(self) -> Path:
        """What was in force before, one numbered folder per generation."""
        return self.state / "history"

    @property
    def container_secrets(self) -> Path:
        """A copy that only the container's unprivileged user can read; made when root runs the quickstart."""
        return self.run / "container-secrets"

    @property
    def launcher(self) -> Path:
        return self.home / ".local" / "bin" / NAME


def _home(environ: Mapping[str, str]) -> Path:
    given = environ.get("HOME", "")
    if given.startswith("/"):
        return Path(given)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        raise EnvironmentProblem(
            "There is no home directory: HOME is not set and this user is not in the user database.",
            "Set HOME to a directory of yours.",
        ) from None


def private_directory(path: Path, mode: int = 0o700) -> None:
    """Makes a directory of ours with its parents; an existing one gets the mode. Raises EnvironmentProblem."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=mode, exist_ok=True)
        found = path.stat()
        if found.st_uid != os.geteuid() and os.geteuid() != 0:
            raise EnvironmentProblem(f"{path} belongs to another user.", f"Remove it or take it over: ls -ld {path}")
        if stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)
    except OSError as error:
        raise EnvironmentProblem(f"Cannot make the directory {path}: {error.strerror}.", _writable(path)) from error


def output_directory(path: Path, make: bool = True) -> None:
    """Makes the directory for kong.yml and kong.env, 0700, and refuses one that somebody else could have prepared.

    The default lies under /tmp, where anybody may have made a name before us: no part below a directory that all may
    write to may be a link or another user's. With `make` False it only looks. Raises EnvironmentProblem.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  (Path.resolve would follow the very links to be refused)
    me = os.geteuid()
    crowded = False  # whether all may write into the parent
    for part in [*reversed(path.parents), path]:
        try:
            found = part.lstat()
        except FileNotFoundError:
            if not make:
                if not os.access(part.parent, os.W_OK | os.X_OK):
                    raise EnvironmentProblem(f"Cannot make {part}: Permission denied.", _elsewhere()) from None
                return
            try:
                part.mkdir(mode=0o700)
            except OSError as error:
                raise EnvironmentProblem(f"Cannot make {part}: {error.strerror}.", _elsewhere()) from error
            found = part.lstat()  # made by us just now, or in between by somebody else: looked at all the same
        last = part == path
        if stat.S_ISLNK(found.st_mode):
            if last or crowded or found.st_uid not in (0, me):
                raise EnvironmentProblem(f"{part} is a symbolic link: not safe to write through.", _elsewhere())
            found = part.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise EnvironmentProblem(f"{part} is a file, not a directory.", _elsewhere())
        if (last or crowded) and found.st_uid != me:
            raise EnvironmentProblem(f"{part} belongs to another user.", _elsewhere())
        crowded = bool(found.st_mode & stat.S_IWOTH)
    if crowded:
        raise EnvironmentProblem(f"Everybody may write into {path}.", f"chmod o-w {path}, or choose another.")
    if make:
        _sweep(path)


def _elsewhere() -> str:
    return "Choose another place with --output-dir, such as ~/ai-gateway."


def _writable(path: Path) -> str:
    return f"It must be writable by you: ls -ld {path.parent}"


def write_atomically(path: Path, content: bytes | str, mode: int = 0o600) -> None:
    """Replaces a file in one step: readers see the old content or the new, also after a power cut.

    A symbolic link at `path` is replaced, never followed. Raises EnvironmentProblem.
    """
    raw = content.encode() if isinstance(content, str) else content
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_UNFINISHED, dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise EnvironmentProblem(f"Cannot write {path}: {error.strerror}.", _writable(path)) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def sweep(places: Places) -> None:
    """Removes what a process that was killed while it wrote left behind; a key may be in it. Only for who holds the
    lock: nobody else is writing then."""
    for folder in (places.config, places.data, places.configuration.parent, places.konnect, places.state, places.run):
        _sweep(folder)


def _sweep(folder: Path) -> None:
    for left in folder.glob(f".*{_UNFINISHED}"):
        left.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Before:
    """How a file was, to put it back. `content` None: it was not there."""

    path: Path
    content: bytes | None
    mode: int = 0o600
    modified_ns: int = 0

    @classmethod
    def of(cls, path: Path) -> Before:
        try:
            found = path.stat()
            return cls(path, path.read_bytes(), stat.S_IMODE(found.st_mode), found.st_mtime_ns)
        except FileNotFoundError:
            return cls(path, None)

    def restore(self) -> None:
        if self.content is None:
            self.path.unlink(missing_ok=True)
            return
        write_atomically(self.path, self.content, self.mode)
        os.utime(self.path, ns=(self.modified_ns, self.modified_ns))
