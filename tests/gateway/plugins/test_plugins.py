"""The folder as a whole; each plugin's own tests stand beside this file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import plugins
from gateway.plugins import plugin_class, registry
from gateway.plugins._base import Plugin
from gateway.schema import Array, Field, Map, Record

FOLDER = Path(str(plugins.__file__)).parent
NAMES = sorted(path.stem.replace("_", "-") for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
SOURCE = """
from gateway.plugins._base import Plugin
from gateway.schema import Record

class Extra(Plugin):
    name = "{name}"
    priority = 1
    fields = Record("Extra.", fields={{}})

PLUGIN = Extra
"""


def test_every_file_of_the_folder_is_a_plugin_of_that_name() -> None:
    assert list(registry()) == NAMES
    assert all(issubclass(plugin, Plugin) and plugin.name == name for name, plugin in registry().items())


def test_the_folder_is_read_once() -> None:
    assert registry() is registry()


def test_one_plugin_is_found_by_its_name_alone() -> None:
    assert {name: plugin_class(name) for name in registry()} == registry()


@pytest.mark.parametrize("name", ["", "none", "ai_proxy", "_base", "-base", "ai-proxy.x"])
def test_what_is_no_plugins_name_finds_none(name: str) -> None:
    with pytest.raises(KeyError) as caught:
        plugin_class(name)
    assert caught.value.args == (name,)


@pytest.fixture
def another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    monkeypatch.setattr(plugins, "__path__", [str(tmp_path)])
    monkeypatch.setattr(plugins, "registry", plugins.registry.__wrapped__)

    def write(stem: str, name: str) -> None:
        (tmp_path / f"{stem}.py").write_text(SOURCE.format(name=name))
        monkeypatch.delitem(sys.modules, f"gateway.plugins.{stem}", raising=False)

    return write


def test_a_file_put_there_is_found_and_one_with_an_underscore_is_not(
    another_folder: Callable[[str, str], None],
) -> None:
    another_folder("zz_extra", "zz-extra")
    another_folder("_zz_hidden", "zz-hidden")
    assert list(plugins.registry()) == ["zz-extra"]


def test_two_files_with_one_name_are_refused(another_folder: Callable[[str, str], None]) -> None:
    another_folder("zz_one", "same")
    another_folder("zz_two", "same")
    with pytest.raises(ImportError, match="two plugins are called same"):
        plugins.registry()


def every_field(field: Field) -> list[Field]:
    inner: list[Field] = []
    if isinstance(field, Record):
        inner = [*field.fields.values(), *(shorthand.field for shorthand in field.shorthands.values())]
    elif isinstance(field, Array):
        inner = [field.elements]
    elif isinstance(field, Map):
        inner = [field.keys, field.values]
    return [field, *(found for one in inner for found in every_field(one))]


@pytest.mark.parametrize("plugin", registry().values(), ids=lambda plugin: plugin.name)
def test_every_field_has_a_help_text(plugin: type[Plugin]) -> None:
    bare = [field for field in every_field(plugin.fields) if not field.help and not isinstance(field, Record)]
    assert bare == []
    assert plugin.fields.help
