"""The gateway as a container. Sole importer of the Docker SDK. Not for: what the container is like (container_spec.py),
what is in the image (image.py).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests.exceptions
from docker.utils import parse_repository_tag

from quickstart import earlier_keys, image
from quickstart.container_spec import (
    INSTANCE,
    STOP_SECONDS,
    UNPRIVILEGED,
    Engine,
    EngineProblem,
    container_name,
    instance,
    options,
)
from quickstart.deployment import Deployment
from quickstart.engine_address import addresses, engine_problem, problem
from quickstart.engine_kind import recognise
from quickstart.errors import EnvironmentProblem, PortTaken, QuickstartError
from quickstart.files import Places, private_directory, write_atomically
from quickstart.plan import Plan
from quickstart.reach import inside
from quickstart.reach.inside import Inside, Target
from quickstart.runtime import Progress, RunStatus

_FAILED = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)
_ENDED_BY_US = (0, 137, 143)  # exit codes of a container that was told to stop


def connect(environ: Mapping[str, str], home: Path, timeout: int = 10) -> tuple[Any, Engine]:
    """A client of the first engine that answers, and what it says about itself. Raises EngineProblem."""
    first: EngineProblem | None = None
    for address in addresses(environ, home, _context_host(environ)):
        client = None
        try:
            if environ.get("DOCKER_HOST"):
                client = docker.from_env(environment=dict(environ), timeout=timeout)
            else:
                client = docker.DockerClient(base_url=address, timeout=timeout)
            return client, _engine(client, address)
        except EngineProblem:
            raise
        except _FAILED as error:
            if client is not None:
                client.close()
            first = first or problem(address, error, environ)
    raise first or problem("", FileNotFoundError(), environ)


def _context_host(environ: Mapping[str, str]) -> str:
    """The address of the Docker context in use, "" for the default one."""
    try:
        found = docker.context.ContextAPI.get_context(environ.get("DOCKER_CONTEXT") or None)
        return str(found.Host) if found is not None and found.Name != "default" else ""
    except _FAILED:
        return ""


def _engine(client: Any, address: str) -> Engine:
    info = client.info()
    security = " ".join(info.get("SecurityOptions") or ())
    if not address.startswith("unix:"):
        raise engine_problem("remote", address)
    kind = recognise(info, client.version(), address)
    return Engine(
        str(info.get("ServerVersion", "")),
        rootless=kind.rootless,
        selinux="name=selinux" in security,
        shares_network=os.uname().sysname == "Linux" and kind.shares_network,
        kind=kind,
        address=address,
    )


class DockerRunner:
    """runtime.Runner for a container. Connects at the first use. Raises EngineProblem then."""

    def __init__(
        self, places: Places, environ: Mapping[str, str], uid: int | None = None, gid: int | None = None
    ) -> None:
        self._places = places
        self._environ = environ
        self._uid = os.geteuid() if uid is None else uid
        self._gid = os.getegid() if gid is None else gid
        self._connected: tuple[Any, Engine] | None = None
        self.name = container_name(places)
        self.label = f"{INSTANCE}={instance(places)}"

    def engine(self) -> Engine:
        return self._use()[1]

    def _use(self) -> tuple[Any, Engine]:
        if self._connected is None:
            self._connected = connect(self._environ, self._places.home)
        return self._connected

    @property
    def _client(self) -> Any:
        return self._use()[0]

    # -- image -----------------------------------------------------------------------------------------------------

    def prepare(self, plan: Plan, progress: Progress) -> str:
        """Builds the image unless one with the same content is there. Raises EnvironmentProblem with the builder's
        last words."""
        files = image.content()
        whose = instance(self._places)
        tag = image.tag(files, plan.base_image, whose)
        try:
            self._client.images.get(tag)
            return tag
        except docker.errors.ImageNotFound:
            pass
        words: list[str] = []
        try:
            for event in self._client.api.build(
                fileobj=io.BytesIO(image.context(files)),
                custom_context=True,
                tag=tag,
                rm=True,
                forcerm=True,  # else a failed build leaves containers that hold its images
                decode=True,
                buildargs={"BASE_IMAGE": plan.base_image, "INSTANCE": whose},
            ):
                if "error" in event:
                    raise _build_failed(plan.base_image, str(event["error"]), words)
                line = str(event.get("stream") or event.get("status") or "").strip()
                if line:
                    words.append(line)
                    progress(line)
        except _FAILED as error:
            raise _build_failed(plan.base_image, _reason(error), words) from error
        return tag

    def pull(self, image: str, progress: Progress) -> None:
        """Fetches an image that is not here, telling how far it is. Raises EnvironmentProblem."""
        try:
            self._client.images.get(image)
            return
        except docker.errors.ImageNotFound:
            pass
        done: dict[str, tuple[int, int]] = {}  # layer -> bytes here, bytes in all
        repository, tag = parse_repository_tag(image)
        try:
            for event in self._client.api.pull(repository, tag or "latest", stream=True, decode=True):
                if "error" in event:
                    raise _not_fetched(image, str(event["error"]))
                size = event.get("progressDetail") or {}
                if size.get("total"):
                    done[str(event.get("id"))] = (int(size.get("current", 0)), int(size["total"]))
                here, whole = (sum(column) for column in zip(*done.values(), strict=True)) if done else (0, 0)
                told = str(event.get("status", ""))
                progress(f"{told} ({here // 1_000_000} of {whole // 1_000_000} MB)" if whole else told)
        except _FAILED as error:
            raise _not_fetched(image, _reason(error)) from error

    def environment(self) -> dict[str, str] | None:
        """The variables of our container, None where there is none."""
        container = self._found()
        if container is None:
            return None
        entries = container.attrs["Config"].get("Env") or ()
        return dict(entry.partition("=")[::2] for entry in entries)

    def image(self) -> str:
        """What our container was made from, as it was named then; "" where there is none."""
        container = self._found()
        return str(container.attrs["Config"].get("Image", "")) if container is not None else ""

    def tidy(self, deployment: Deployment) -> None:
        self._remove_images(deployment.image)

    def _remove_images(self, keep: str) -> None:
        """Removes our images but one; one that a container still uses stays."""
        for found in self._images():
            if keep not in found.tags:
                self._remove_image(found)

    def _remove_image(self, found: Any) -> None:
        for name in found.tags or [found.id]:
            try:
                self._client.images.remove(name)
            except docker.errors.APIError:
                pass  # in use, or gone together with another one

    # -- container -------------------------------------------------------------------------------------------------

    def start(self, deployment: Deployment) -> None:
        client, engine = self._use()
        self.refresh(deployment)
        self.discard()
        made = self.options(deployment, engine)
        try:
            made.pop("detach")
            container = client.containers.create(**made)
        except _FAILED as error:
            raise EnvironmentProblem(f"The container cannot be made: {_reason(error)}.") from error
        try:
            container.start()
        except _FAILED as error:
            container.remove(force=True)
            reason = _reason(error)
            if "already allocated" in reason or "already in use" in reason:
                raise PortTaken(
                    f"A port of the gateway is in use: {reason}.", "Choose another: --proxy-port"
                ) from error
            raise EnvironmentProblem(f"The container cannot be started: {reason}.") from error

    def options(self, deployment: Deployment, engine: Engine) -> dict[str, Any]:
        """How the container is made: keyword arguments of containers.create()."""
        return options(deployment, self._places, engine, self._uid, self._gid)

    def refresh(self, deployment: Deployment) -> None:
        """Makes the mounted directories; where root runs us, hands the secrets and the prefix to the unprivileged user
        that the gateway is inside."""
        places = self._places
        private_directory(places.config)
        private_directory(places.prefix)
        if self._uid != 0 or self.engine().rootless:
            return
        copy = places.container_secrets
        private_directory(copy, 0o500)
        os.chown(copy, UNPRIVILEGED, UNPRIVILEGED)
        target = copy / places.secrets.name
        content = earlier_keys.without(places.secrets.read_bytes()) if places.secrets.exists() else b""
        if not target.exists() or target.read_bytes() != content:
            write_atomically(target, content, 0o400)
        os.chown(target, UNPRIVILEGED, UNPRIVILEGED)
        for path in [places.prefix, *places.prefix.rglob("*")]:
            os.chown(path, UNPRIVILEGED, UNPRIVILEGED, follow_symlinks=False)

    def _found(self) -> Any | None:
        try:
            return self._client.containers.get(self.name)
        except docker.errors.NotFound:
            return None

    def _ours(self) -> list[Any]:
        return list(self._client.containers.list(all=True, filters={"label": self.label}))

    def _images(self) -> list[Any]:
        """Tagged ones and what broken-off builds left, not the layers below them."""
        return list(self._client.images.list(filters={"label": self.label}))

    def discard(self) -> None:
        for container in self._ours():
            try:
                container.remove(force=True, v=True)
            except docker.errors.NotFound:
                pass  # somebody was faster

    def stop(self) -> bool:
        container = self._found()
        if container is None or container.status not in ("running", "restarting"):
            return False
        container.stop(timeout=STOP_SECONDS)
        return True

    def status(self) -> RunStatus:
        container = self._found()
        if container is None:
            return RunStatus(False)
        state = container.attrs["State"]
        restarts = int(container.attrs.get("RestartCount", 0))
        name = f"container {container.name}"
        if state["Status"] == "running":
            return RunStatus(True, name, _epoch(state["StartedAt"]), restarts)
        ended = int(state.get("ExitCode", 0))
        crashed = "" if ended in _ENDED_BY_US else f"it ended with exit code {ended}"
        if state["Status"] == "restarting":
            crashed = f"it ended with exit code {ended} and is started again and again"
        return RunStatus(False, name, None, restarts, crashed)

    def logs(self, lines: int, follow: bool = False) -> Iterator[str]:
        container = self._found()
        if container is None:
            return
        if not follow:
            yield from container.logs(tail=lines).decode("utf-8", "replace").splitlines()
            return
        rest = b""
        for piece in container.logs(tail=lines, stream=True, follow=True):
            *whole, rest = (rest + piece).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)

    # -- from inside -----------------------------------------------------------------------------------------------

    def ask_from_inside(self, target: Target, path: str, deployed: Deployment | None, base_image: str = "") -> Inside:
        """Asks a server of this machine from where the gateway is: in its container while that runs, else in one that
        lives for this question alone, of the gateway's image or of `base_image`. Nothing is fetched. Raises
        EnvironmentProblem, ValueError."""
        client, engine = self._use()
        words = inside.command(target, path)
        container = self._found()
        try:
            if container is not None and container.status == "running":
                _, output = container.exec_run(words, stderr=False)
                return inside.parse(output.decode("utf-8", "replace"), path)
            images = [name for name in ((deployed.image if deployed else ""), base_image) if name]
            image = next((name for name in images if client.images.list(name)), "")
            if not image:
                raise EnvironmentProblem("no image to try it with is here yet")
            output = client.containers.run(
                image, entrypoint=words[0], command=words[1:], remove=True, stderr=False, cap_drop=["ALL"],
                read_only=True, user=str(UNPRIVILEGED), labels={INSTANCE: instance(self._places)},
                extra_hosts=engine.kind.extra_hosts(engine.version), security_opt=["no-new-privileges:true"],
            )  # fmt: skip
            return inside.parse(output.decode("utf-8", "replace"), path)
        except _FAILED as error:
            raise EnvironmentProblem(f"the engine did not run the question: {_reason(error)}") from error

    # -- leaving ---------------------------------------------------------------------------------------------------

    def leftovers(self) -> list[str]:
        named = [tag for found in self._images() for tag in (found.tags or [found.short_id])]
        return [f"container {found.name}" for found in self._ours()] + [f"image {tag}" for tag in named]

    def remove(self) -> None:
        self.stop()
        self.discard()
        self._remove_images("")

    def publisher(self, port: int) -> str | None:
        """The name of a running container, not ours, that publishes this port."""
        for container in self._client.containers.list():
            for published in (container.attrs["NetworkSettings"].get("Ports") or {}).values():
                if any(item["HostPort"] == str(port) for item in published or ()) and container.name != self.name:
                    return str(container.name)
        return None


def _epoch(started: str) -> float | None:
    """Seconds of RFC 3339 with nanoseconds, which fromisoformat cannot read."""
    try:
        return datetime.fromisoformat(started[:19] + "+00:00").timestamp()
    except ValueError:
        return None


def _reason(error: BaseException) -> str:
    text = getattr(error, "explanation", None) or str(error)
    return str(text).strip().rstrip(".")


def _not_fetched(image: str, reason: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"The image {image} is not on this machine and could not be fetched: {reason}.",
        f"Fetch it: docker pull {image}",
    )


def _build_failed(base_image: str, reason: str, words: list[str]) -> QuickstartError:
    said = "\n".join(words[-6:])
    if "FROM" in "".join(words[-2:]) or not words:
        return EnvironmentProblem(
            f"The image {base_image} is not on this machine and could not be fetched: {reason}.",
            f"Fetch it: docker pull {base_image}\nOr name one that is here: --base-image, or: --runtime process",
        )
    return EnvironmentProblem(f"The gateway's image could not be built: {reason}.", said)
