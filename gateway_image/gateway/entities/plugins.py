"""Plugin rows: which plugin runs where, with what configuration. The configuration's schema is the plugin's own."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from gateway.entities import kinds
from gateway.entities.formats import name_error
from gateway.entities.kinds import Kind
from gateway.entities.services import PROTOCOLS
from gateway.plugins._base import Plugin
from gateway.schema import Any_, Error, Field, Foreign, Record, Set, String, describe

Registry = Mapping[str, type[Plugin]]


def _fields(config: Field, protocols: tuple[str, ...], usual: tuple[str, ...], no_consumer: bool) -> dict[str, Field]:
    return {
        "id": kinds.identifier(),
        # "" gets the answer that every name of no plugin gets; the schema says what Kong's says
        "name": String("Which plugin.", required=True, len_min=0, schema={"len_min": 1}),
        "instance_name": String("A name for this one configuration of it.", unique=True, check=name_error),
        "created_at": kinds.created(),
        "updated_at": kinds.updated(),
        "route": Foreign("Only for requests of this route.", reference="routes", on_delete="cascade", default=None),
        "service": Foreign(
            "Only for requests of this service.", reference="services", on_delete="cascade", default=None
        ),
        "consumer": _consumer(no_consumer),
        "config": config,
        "protocols": Set(
            "What the requests speak that it runs for.",
            elements=String("A protocol.", one_of=protocols),
            default=list(usual),
            required=True,
        ),
        "enabled": kinds.switch("Whether it runs.", True),
        "tags": kinds.tags(),
    }


def _consumer(refused: bool) -> Foreign:
    help = "Only for requests of this consumer."
    if refused:
        return Foreign(help, reference="consumers", eq=None)
    return Foreign(help, reference="consumers", on_delete="cascade", default=None)


_RECORDS: dict[type[Plugin], Record] = {}


def plugin_record(plugin: type[Plugin]) -> Record:
    """The schema of a row of this plugin."""
    record = _RECORDS.get(plugin)
    if record is None:
        config = copy(plugin.fields)
        config.required = True
        fields = _fields(config, plugin.protocols, plugin.default_protocols, plugin.no_consumer)
        record = _RECORDS[plugin] = Record(plugin.fields.help, fields=fields, checks=plugin.checks)
    return record


def plugin_schema(plugin: type[Plugin]) -> dict[str, Any]:
    """What GET /schemas/plugins/NAME shows: protocols, config, and consumer where it must be null."""
    whole = plugin_record(plugin)
    shown = ["protocols", "config"]
    if plugin.no_consumer:
        shown.insert(0, "consumer")
    return describe(Record(whole.help, fields={name: whole.fields[name] for name in shown}, checks=whole.checks))


def clean_plugin(row: Any, registry: Registry) -> tuple[Any, Error | None]:
    """A row checked by its plugin's schema; a plugin that is not in the registry is an error of `name`."""
    name = row.get("name") if isinstance(row, dict) else None
    plugin = registry.get(name) if isinstance(name, str) else None
    if plugin is not None:
        return plugin_record(plugin).clean(row)
    cleaned, error = PLUGINS.record.clean(row)
    if isinstance(name, str):
        text = f"plugin '{name}' not enabled; add it to the 'plugins' configuration property"
        error = {**(error if isinstance(error, dict) else {}), "name": text}
    return cleaned, error


PLUGINS = Kind(
    name="plugins",
    singular="plugin",
    key="instance_name",
    cache_key=("name", "route", "service", "consumer"),
    foreign={"route": "routes", "service": "services", "consumer": "consumers"},
    record=Record(
        "A plugin at work: on everything, or only for one route, service or consumer.",
        fields=_fields(
            Any_("The plugin's own settings.", schema={"type": "record", "abstract": True}),
            PROTOCOLS,
            Plugin.default_protocols,
            False,
        ),
    ),
)
