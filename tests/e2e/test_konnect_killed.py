"""Setup with Konnect, killed (SIGKILL) before each of its steps, then run again: it ends where an undisturbed run ends.

A step is a request to Konnect, a call of the container engine, or a file moved to its place.
"""

from __future__ import annotations

import itertools
import json
import shutil
import stat
from collections.abc import Callable, Iterator

import pytest
from support.konnect_killed import Killer, Run
from support.konnect_mock.server import TOKEN
from support.konnect_person import KEY, KonnectPerson, docker, konnect_person

from quickstart.konnect import journal

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KonnectPerson]:
    with konnect_person(tmp_path_factory.mktemp("killed")) as made:
        yield made


@pytest.fixture(scope="module")
def killer(person: KonnectPerson, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    with Killer(tmp_path_factory.mktemp("killer"), person.user.environment()) as made:
        yield made


def start_over(person: KonnectPerson) -> None:
    """A fresh home, an empty organization, no container."""
    for container in person.containers():
        docker("rm", "--force", "--volumes", container)
    shutil.rmtree(person.user.home)
    person.user.home.mkdir()
    with person.mock.state.changed:
        person.mock.state.planes.clear()
    person.mock.asked.clear()


def setup(person: KonnectPerson, killer: Killer, kill_at: int = 0) -> Run:
    run = killer.run("setup", "--yes", environment=person.user.environment(), kill_at=kill_at)
    assert KEY not in run.printed and TOKEN not in run.printed
    return run


def outcome(person: KonnectPerson) -> dict[str, object]:
    """What an undisturbed run leaves, without what is different each time by nature."""
    (plane,) = person.mock.planes()
    (entry,) = journal.load(person.places).entries
    assert (entry.id, list(plane.certificates)) == (plane.id, [entry.certificate])
    assert plane.labels == {"ai-gateway-quickstart": journal.load(person.places).installation}
    (container,) = person.containers()
    environment = dict(
        line.partition("=")[::2] for line in json.loads(docker("inspect", container))[0]["Config"]["Env"]
    )
    assert environment["KONG_CLUSTER_CERT"] == next(iter(plane.certificates.values()))
    return {
        "files": sorted(str(path.relative_to(person.user.home)) for path in person.user.home.rglob("*")),
        "entities": {name: sorted(item["name"] for item in items) for name, items in plane.configuration.items()},
        "in sync": any(node["config_hash"] == plane.expected for node in plane.nodes.values()),
        "variables": sorted(environment),
        "planes": len(person.mock.state.planes),
    }


def shape(person: KonnectPerson) -> tuple[object, ...]:
    """What a killed run left for the next one. Two that are alike here differ only in random numbers."""
    return (
        sorted(str(path.relative_to(person.user.home)) for path in person.user.home.rglob("*")),
        [bool(entry.id) + bool(entry.certificate) for entry in journal.load(person.places).entries],
        [(len(plane.certificates), plane.labels != {}) for plane in person.mock.state.planes.values()],
        [len(items) for plane in person.mock.state.planes.values() for items in plane.configuration.values()],
        [json.loads(docker("inspect", one))[0]["State"]["Status"] for one in person.containers()],
    )


def holding(person: KonnectPerson, word: str) -> set[str]:
    """The files that hold a secret, which nobody else may read."""
    found = set()
    for path in person.user.home.rglob("*"):
        if path.is_file() and word.encode() in path.read_bytes():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
            found.add(str(path.relative_to(person.user.home)))
    return found


def test_killed_before_each_step(
    person: KonnectPerson, killer: Killer, record_property: Callable[[str, object], None]
) -> None:
    start_over(person)
    whole = setup(person, killer)
    assert whole.status == 0, whole.printed
    expected = outcome(person)
    assert expected["in sync"] and expected["planes"] == 1
    assert {step.split()[0] for step in whole.steps} == {"request", "engine", "file"}
    seen: list[tuple[object, ...]] = []
    for number in itertools.count(1):
        start_over(person)
        killed = setup(person, killer, number)
        if killed.status == 0:
            break  # it has no step of that number
        step = killed.steps[-1] if killed.steps else "the first step"
        assert (killed.status, len(killed.steps)) == (-9, number), f"{number} {step}: {killed.printed}"
        for word in (KEY, TOKEN):
            assert all("secrets.env" in path for path in holding(person, word)), f"a kill before {step}"
        left = shape(person)
        if left in seen:
            continue  # a step that only looks: the next run finds what it found after the kill before
        seen.append(left)
        again = setup(person, killer)
        assert again.status == 0, f"after a kill before {step}:\n{again.printed}"
        assert outcome(person) == expected, f"after a kill before {step}"
        for word in (KEY, TOKEN):
            assert holding(person, word) == {".config/ai-gateway/secrets.env"}, f"after a kill before {step}"
        assert not [asked for asked in person.mock.asked if KEY in f"{asked.path} {asked.body!r} {asked.headers}"]
        assert not person.mock.wrong
    # how often it asks for the node depends on how fast that comes
    assert number > len(whole.steps) - 8
    record_property(
        "timing", f"setup with Konnect: killed before each of {number - 1} steps, run again from {len(seen)} states"
    )
