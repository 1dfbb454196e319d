"""REFERENCE.md is what the declarations in the code say today."""

from pathlib import Path

from gateway.admin.describe import reference
from gateway.plugins import registry

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_in_the_repository_is_up_to_date() -> None:
    written = (ROOT / "REFERENCE.md").read_text()
    assert written.rstrip() == reference().rstrip(), "type: python -m gateway reference > ../REFERENCE.md"


def test_every_plugin_and_each_of_its_fields_is_told() -> None:
    page = reference()
    for name, plugin in registry().items():
        assert f"### {name}\n" in page
        section = page.partition(f"### {name}\n")[2].partition("\n### ")[0]
        for field in plugin.fields.fields:
            assert f"`{field}`" in section or f"`config.{field}" in section or f".{field}`" in section, (name, field)
