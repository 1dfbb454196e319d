"""The rules of the house that can be read off the files: layers, doors, sole importers, twins, sizes, words."""

from __future__ import annotations

import ast
import re

import pytest
from support.house import PACKAGES, ROOT, Room, layers, line_of, rooms, text_files

EVERY_ROOM = [room for package in PACKAGES for room in rooms(package)]
DOORS = ("gateway.entities", "gateway.providers", "gateway.settings")
SOLE_IMPORTERS = {
    "docker": ("quickstart.containers",),
    "questionary": ("quickstart.prompter",),
    "rich": ("quickstart.console",),
    "uvloop": ("gateway.transport", "gateway.__main__"),
    "redis": ("gateway.transport.redis_link",),
}
WIRES = ("socket", "ssl", "http.client", "urllib.request", "httpx", "requests", "selectors")
CLOCKS = re.compile(r"^(time\.(time|monotonic|perf_counter)(_ns)?|datetime\.(datetime\.)?(now|utcnow)|random\.\w+)$")
FOLDERS_OF_FACTS = ("gateway.providers", "gateway.plugins", "gateway.entities", "gateway.schema")
NO_PLACE = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
LONGEST = 400
MEASURED = {".py", ".sh", ".js", ".css", ".html", ".j2"}


def named(room: Room) -> str:
    return room.shown


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("room", EVERY_ROOM, ids=named)
def test_a_room_imports_from_its_own_line_or_below(room: Room) -> None:
    package = room.name.partition(".")[0]
    if room.name == package:
        assert not [name for name in room.imports if within(name, package)], f"{room.shown} is for everybody"
        return
    line = line_of(package, room.name)
    assert line is not None, f"{room.shown} is on no line of the {package}-layers in ARCHITECTURE.md"
    for name in sorted(room.imports):
        if within(name, package) and name != package:
            other = line_of(package, name)
            assert other is not None, f"{room.shown} imports {name}, which is on no line"
            assert line <= other, f"{room.shown} (line {line + 1}) imports {name} (line {other + 1}): down only"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_layers_name_only_rooms_that_exist_and_each_once(package: str) -> None:
    listed = [name for line in layers(package) for name in line]
    known = {room.name.partition(".")[2] for room in rooms(package)}
    known |= {name.rpartition(".")[0] for name in known}
    assert sorted(listed) == sorted(set(listed))
    assert not [name for name in listed if name not in known]


@pytest.mark.parametrize("room", rooms("gateway"), ids=named)
def test_the_gateway_knows_nothing_of_the_quickstart(room: Room) -> None:
    assert not [name for name in room.imports if within(name, "quickstart")]


@pytest.mark.parametrize("room", rooms("quickstart"), ids=named)
def test_the_quickstart_enters_the_gateway_by_three_doors(room: Room) -> None:
    entered = [name for name in room.imports if within(name, "gateway")]
    assert all(any(within(name, door) for door in DOORS) for name in entered), f"{room.shown} imports {entered}"


@pytest.mark.parametrize(("module", "owners"), SOLE_IMPORTERS.items())
def test_one_room_alone_knows_a_tool(module: str, owners: tuple[str, ...]) -> None:
    users = [room.name for room in EVERY_ROOM if any(within(name, module) for name in room.imports)]
    assert users, f"{module} is a dependency that nothing imports"
    others = [user for user in users if not any(within(user, owner) for owner in owners)]
    assert not others, f"{module} is for {owners}, and {others} import it"


@pytest.mark.parametrize("room", rooms("gateway"), ids=named)
def test_only_the_transport_opens_sockets_in_the_gateway(room: Room) -> None:
    if not within(room.name, "gateway.transport") and room.name != "gateway.__main__":  # which runs the event loop
        assert not [name for name in room.imports if any(within(name, wire) for wire in WIRES)]


CONNECTING = re.compile(r"\.(open_connection|create_connection|create_server|start_server|open_unix_connection)$")


@pytest.mark.parametrize("room", rooms("gateway"), ids=named)
def test_only_the_transport_connects_by_an_event_loop(room: Room) -> None:
    if not within(room.name, "gateway.transport"):
        assert not [call for call in room.calls() if CONNECTING.search(call)]


@pytest.mark.parametrize("room", EVERY_ROOM, ids=named)
def test_only_the_console_and_the_gateways_commands_print(room: Room) -> None:
    if room.name not in ("quickstart.console", "gateway.__main__"):
        assert "print" not in set(room.calls()), f"{room.shown} prints"


@pytest.mark.parametrize("room", rooms("gateway"), ids=named)
def test_clocks_and_randomness_are_arguments_below_the_transport(room: Room) -> None:
    if not within(room.name, "gateway.transport") and room.name != "gateway.__main__":
        assert not [call for call in room.calls() if CLOCKS.match(call)]


def twin_names(room: Room) -> list[str]:
    """_base.py is tested by test_base.py, __main__.py by test_main.py."""
    stem = room.path.stem.strip("_")
    folder = (
        ROOT / "tests" / room.name.partition(".")[0] / room.path.parent.relative_to(PACKAGES[room.name.split(".")[0]])
    )
    return [path.stem for path in folder.glob("test_*.py") if belongs(path.stem, stem)]


def belongs(test: str, room: str) -> bool:
    return test == f"test_{room}" or test.startswith(f"test_{room}_")


@pytest.mark.parametrize("room", [room for room in EVERY_ROOM if not room.is_package], ids=named)
def test_every_room_has_a_twin(room: Room) -> None:
    assert twin_names(room), f"{room.shown} has no test_{room.path.stem.strip('_')}.py"


def test_every_twin_has_its_room() -> None:
    orphans = []
    for package, folder in PACKAGES.items():
        home = ROOT / "tests" / package
        for test in home.rglob("test_*.py"):
            inside = folder / test.parent.relative_to(home)
            stems = {path.stem.strip("_") for path in inside.glob("*")} | {inside.name}
            if not any(belongs(test.stem, stem) for stem in stems):
                orphans.append(str(test.relative_to(ROOT)))
    assert not orphans, f"no room for {orphans}"


@pytest.mark.parametrize("room", [r for r in EVERY_ROOM if r.text.strip()], ids=named)
def test_a_room_says_what_it_is_for_and_not_for(room: Room) -> None:
    text = ast.get_docstring(room.tree)
    assert text, f"{room.shown} has no docstring"
    one_of_many = any(within(room.name, folder) for folder in FOLDERS_OF_FACTS) and not room.path.stem.startswith("_")
    if not (room.is_package or one_of_many):
        assert "not for" in " ".join(text.lower().split()), f"{room.shown} does not say what it is not for"


def test_small_rooms() -> None:
    sizes = {
        p: len(p.read_text().splitlines())
        for p in text_files()
        if p.suffix in MEASURED or p.name in ("install.sh", "run")
    }
    long = {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > LONGEST}
    assert not long, f"split these by meaning: {long}"


def test_no_room_is_a_drawer() -> None:
    drawers = [str(path.relative_to(ROOT)) for path in text_files() if path.stem in NO_PLACE]
    assert not drawers, f"name these after what they are for: {drawers}"


def test_tests_wait_for_events_and_do_not_sleep() -> None:
    sleepers = []
    for path in (ROOT / "tests").rglob("*.py"):
        calls = set(Room("tests", path).calls())
        if {"time.sleep", "sleep"} & calls:
            sleepers.append(str(path.relative_to(ROOT)))
    assert not sleepers


# The words below are put together from parts, or this file would hold what it forbids.
HOSTS = [
    *(
        "py" + "pi.org",
        "pythonhosted" + ".org",
        "npmjs" + ".org",
        "hub." + "docker.com",
        "ghcr" + ".io",
        "quay" + ".io",
    ),
    *("crates" + ".io", "deb." + "debian.org", "proxy." + "golang.org", "repo1." + "maven.org"),
]
PLACES = ["/wo" + "rk/", "/ro" + "ot/", "/tmp/" + "brief"]


@pytest.mark.parametrize("word", [*HOSTS, *PLACES])
def test_no_file_names_a_registry_or_a_place_on_somebodys_machine(word: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in text_files() if word in path.read_text(errors="replace")]
    assert not found
