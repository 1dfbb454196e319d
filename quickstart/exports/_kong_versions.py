"""A configuration in the words of a Kong that has fewer: what a version lacks is said otherwise where that means the
same, or left out and told. Pure.

The plugins and fields of Kong OSS 3.9 are those that a Kong 3.9.1 showed of itself (kong_oss_3_9.json: record = object,
list = {"[]"}, map = {"{}"}, choices = array, anything else 0). Not for: what our own gateway can do (gateway.entities).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from gateway.providers import providers
from gateway.providers._base import Call, ProviderError
from quickstart import messages
from quickstart.exports._bundle import Note

NEWEST = "kong-3.15"
OSS = "kong-oss-3.9"
TARGETS = (NEWEST, OSS)
UNSEEN = frozenset(("opentelemetry",))
"""Plugins that Kong OSS 3.9 has and whose fields were not looked at: they go as they are."""
_SINCE_OSS = ("cerebras", "dashscope", "databricks", "deepseek", "ollama", "vllm", "xai")
_SERVING = ("ai-proxy", "ai-proxy-advanced")
_DECISIVE = ("route_type", "llm_format", "model", "provider")
"""What an ai-proxy without it would do otherwise than meant."""

MOST_NAMED = 4
"""Places that a note names one by one."""

Row = dict[str, Any]


@cache
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__package__).joinpath("kong_oss_3_9.json").read_text("utf-8"))
    return found


def _known_providers(target: str) -> frozenset[str]:
    oldest = _facts()["ai-proxy"]["model"]["provider"]
    return frozenset(oldest if target == OSS else (*oldest, *_SINCE_OSS))


def fitted(document: Row, target: str) -> tuple[Row, list[Note]]:
    """The document as `target` can load it, and what became of what it cannot."""
    fitting = _Fitting(target)
    out = {name: value for name, value in document.items() if not isinstance(value, list)}
    for kind in document:
        if isinstance(document[kind], list):
            rows = fitting.rows(kind, document[kind], "")
            if rows:
                out[kind] = rows
    return out, fitting.notes


class _Lost(Exception):
    """A plugin cannot be said in this version's words; str() says why."""


class _Fitting:
    def __init__(self, target: str) -> None:
        self.target = target
        self.known = _known_providers(target)
        self._told: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}

    @property
    def notes(self) -> list[Note]:
        """One for each kind of loss, however many places it is about."""
        return [
            Note(messages.text(key, places=listed(places), **dict(values)))
            for (key, values), places in self._told.items()
            if places
        ]

    def tell(self, key: str, place: str, **values: Any) -> None:
        said = tuple(sorted((name, str(value)) for name, value in values.items()))
        self._told.setdefault((key, said), []).append(place)

    def rows(self, kind: str, rows: list[Row], place: str) -> list[Row]:
        kept = []
        for row in rows:
            if kind == "plugins":
                plugin = self.plugin(row, place)
                kept += [plugin] if plugin is not None else []
                continue
            shown = f"{kind.removesuffix('s')} {row.get('name') or row.get('username') or row.get('id') or ''}".strip()
            out = {name: value for name, value in row.items() if name not in ("plugins", "routes", "consumers")}
            for child in ("routes", "plugins", "consumers"):
                if row.get(child):
                    below = self.rows(child, row[child], shown)
                    if below:
                        out[child] = below
            lost = _serves(row) and not _serves(out)
            if lost or (kind == "services" and row.get("routes") and not out.get("routes")):
                self._forget(shown)
                self.tell("exports.route_lost", shown)
            else:
                kept.append(out)
        return kept

    def _forget(self, place: str) -> None:
        """What was changed in a place that is left out matters to nobody."""
        for (key, _), places in self._told.items():
            if key not in ("exports.plugin_lost", "exports.route_lost"):
                places[:] = [one for one in places if one != place]

    def plugin(self, row: Row, place: str) -> Row | None:
        name, where = row["name"], place or messages.text("exports.everywhere")
        try:
            if self.target == OSS:
                row = self._simpler(row, where)
            row = self._providers(row, where)
            if self.target != OSS or row["name"] in UNSEEN:
                return row
            if row["name"] not in _facts():
                raise _Lost(messages.text("exports.no_plugin"))
            config = self._config(row.get("config") or {}, _facts()[row["name"]], row["name"], where)
        except _Lost as why:
            self.tell("exports.plugin_lost", plugin=name, place=where, target=self.target, why=why)
            return None
        return {**row, "config": config} if config else {n: v for n, v in row.items() if n != "config"}

    def _simpler(self, row: Row, where: str) -> Row:
        """ai-proxy-advanced with one target is ai-proxy."""
        if row["name"] != "ai-proxy-advanced":
            return row
        config = row["config"]
        if len(config["targets"]) != 1:
            raise _Lost(messages.text("exports.many_targets", count=len(config["targets"])))
        one = {n: v for n, v in config["targets"][0].items() if n not in ("weight", "description", "metadata")}
        shared = {n: v for n, v in config.items() if n not in ("targets", "balancer")}
        self.tell("exports.simpler", place=where)
        return {**row, "name": "ai-proxy", "config": {**one, **shared}}

    def _providers(self, row: Row, where: str) -> Row:
        """Providers that this Kong does not know by name, by the dialect they speak and their address."""
        config = row.get("config") or {}
        if row["name"] == "ai-proxy":
            return {**row, "config": self._spoken(config, where)}
        if row["name"] == "ai-proxy-advanced":
            targets = [self._spoken(target, where) for target in config["targets"]]
            return {**row, "config": {**config, "targets": targets}}
        if row["name"] in ("ai-request-transformer", "ai-response-transformer"):
            return {**row, "config": {**config, "llm": self._spoken(config["llm"], where)}}
        return row

    def _spoken(self, config: Row, where: str) -> Row:
        model = config.get("model") or {}
        name = model.get("provider")
        if name is None or name in self.known:
            return config
        provider = providers().get(name)
        # some names are only newer: their dialect is OpenAI's all the same
        words = "openai" if provider is not None and provider.dialect == "openai" else ""
        if provider is None or not words:
            raise _Lost(messages.text("exports.no_provider", provider=name))
        options = dict(model.get("options") or {})
        try:
            call = Call(config.get("route_type", "llm/v1/chat"), model.get("name") or "", options)
            options["upstream_url"] = options.get("upstream_url") or provider.url(call)
        except ProviderError:
            raise _Lost(messages.text("exports.no_provider", provider=name)) from None
        self.tell("exports.provider", provider=name, words=words, place=where)
        return {**config, "model": {**model, "provider": words, "options": options}}

    def _config(self, value: Row, facts: Row, path: str, where: str) -> Row:
        out: Row = {}
        for name, item in value.items():
            if name not in facts:
                self._leave_out(name, item, f"{path}.{name}", where)
            elif (kept := self._value(item, facts[name], f"{path}.{name}", where)) is not None:
                out[name] = kept
        return out

    def _value(self, value: Any, facts: Any, path: str, where: str) -> Any:
        if isinstance(facts, list) and value is not None and value not in facts:
            self._leave_out(path.rsplit(".", 1)[-1], value, path, where)
            return None
        if isinstance(facts, dict) and isinstance(value, dict):
            if "{}" in facts:
                return {name: self._value(item, facts["{}"], f"{path}.{name}", where) for name, item in value.items()}
            return self._config(value, facts, path, where)
        if isinstance(facts, dict) and isinstance(value, list):
            found = [self._value(item, facts.get("[]"), path, where) for item in value]
            return [item for item in found if item is not None]
        return value

    def _leave_out(self, name: str, value: Any, path: str, where: str) -> None:
        if path.startswith("ai-proxy.") and name in _DECISIVE:
            raise _Lost(messages.text("exports.no_value", field=path, value=value))
        self.tell("exports.field_lost", field=path, place=where, target=self.target)


def listed(places: list[str]) -> str:
    """The first few, and how many more."""
    shown = ", ".join(places[:MOST_NAMED])
    more = len(places) - MOST_NAMED
    return messages.text("exports.and_more", shown=shown, count=more) if more > 0 else shown


def _serves(row: Row) -> bool:
    """Whether a model answers here: without that plugin, requests would go upstream as they are, without a key."""
    return any(plugin["name"] in _SERVING for plugin in row.get("plugins", ()))
