"""The reference page is made of the declarations."""

from __future__ import annotations

from gateway.admin.describe import reference
from gateway.entities import KINDS
from gateway.plugins import registry
from gateway.providers import providers
from gateway.settings import VARIABLES

PAGE = reference()


def test_nothing_that_is_declared_is_missing() -> None:
    for variable in VARIABLES:
        assert f"| `{variable.name}` |" in PAGE
    for name, kind in KINDS.items():
        assert f"\n### {name}\n" in PAGE
        assert all(f"| `{field}` |" in PAGE for field in kind.record.fields)
    for name, plugin in registry().items():
        assert f"\n### {name}\n" in PAGE
        assert all(f"| `config.{field}` |" in PAGE for field in plugin.fields.fields)
    for name in providers():
        assert f"| `{name}` |" in PAGE


def test_nested_fields_have_their_path() -> None:
    assert "| `config.model.options.max_tokens` | integer" in PAGE
    assert "| `healthchecks.active.healthy.interval` |" in PAGE


def test_every_table_is_whole() -> None:
    columns = 0
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        cells = line.replace("\\|", "").count("|")
        assert columns in (0, cells), line
        columns = cells


def test_it_is_the_same_every_time() -> None:
    assert reference() == PAGE
