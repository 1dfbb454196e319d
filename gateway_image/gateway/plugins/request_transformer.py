"""request-transformer: changes method, path, query, headers and body on their way to the upstream.

Source: Kong's documentation. Deviations on purpose: expressions are a small language instead of Lua (_expressions.py).
X-Forwarded-*, Via and framing headers are the gateway's own and cannot be changed, as Kong documents for most of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.errors import ConfigError
from gateway.headers import REQUEST_DROPPED, changed
from gateway.paths import escape
from gateway.plugins import _arguments, _multipart
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._expressions import Environment, Expression, ExpressionError, compiled
from gateway.plugins._transformation import STEPS, HeaderTable, append_value, rules, rules_field, step_record
from gateway.schema import Record, String

if TYPE_CHECKING:
    from gateway.exchange import Exchange

Rules = list[tuple[str, Expression]]
_BODILESS = (b"GET", b"HEAD", b"TRACE")


def _step(step: str) -> Record:
    bare = step == "remove"
    fields: dict[str, Any] = {
        "body": rules_field("Members of a JSON object, fields of a form.", checked=False),
        "headers": rules_field("Headers.", checked=not bare),
        "querystring": rules_field("Arguments of the query.", checked=False),
    }
    if step == "replace":
        fields["uri"] = String("The whole path to ask the upstream for.")
    return step_record(step, fields)


class RequestTransformer(Plugin):
    name = "request-transformer"
    priority = 801
    protocols = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
    fields = Record(
        "Changes requests before they go up. Values may hold expressions such as $(headers.x).",
        required=True,
        fields={
            "http_method": String("The method to use instead.", match="^%u+$"),
            **{step: _step(step) for step in STEPS},
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        problems: dict[str, Any] = {}
        self.headers = _compiled(config, "headers", problems)
        self.query = _compiled(config, "querystring", problems)
        self.body = _compiled(config, "body", problems)
        self.uri: Expression | None = None
        if config["replace"]["uri"]:
            try:
                self.uri = compiled(config["replace"]["uri"])
            except ExpressionError as error:
                problems.setdefault("replace", {})["uri"] = str(error)
        if problems:
            raise ConfigError({"config": problems})
        self.method = config["http_method"].encode("ascii") if config["http_method"] else None

    def access(self, exchange: Exchange) -> None:
        environment = Environment(exchange)
        kind = (environment.headers("content-type") or "").lower()
        if self.uri is not None:
            self._set_path(exchange, self.uri.render(environment, _within_path))
        if self.method is not None:
            exchange.rewriting().method = self.method
            if self.method in _BODILESS and "application/x-www-form-urlencoded" in kind and exchange.body:
                before = exchange.query()
                exchange.rewriting().query = before + b"&" + exchange.body if before else exchange.body
        if self.headers:
            self._change_headers(exchange, environment)
        if self.body:
            self._change_body(exchange, environment, kind)
        if self.query:
            given = _arguments.parsed(exchange.query())
            exchange.rewriting().query = _arguments.written(_transformed(given, self.query, environment))

    @staticmethod
    def _set_path(exchange: Exchange, path: str) -> None:
        path, mark, query = path.partition("?")
        rewrite = exchange.rewriting()
        rewrite.path = escape(("" if path.startswith("/") else "/").encode() + path.encode("utf-8", "surrogateescape"))
        if mark:
            before = exchange.query()
            raw = query.encode("utf-8", "surrogateescape")
            rewrite.query = raw + b"&" + before if before else raw

    def _change_headers(self, exchange: Exchange, environment: Environment) -> None:
        table = HeaderTable(changed(exchange.request.headers, exchange.request_changes))
        for step, name, value in _rendered(self.headers, environment):
            lower = name.lower()
            if lower == "host":
                if step == "replace":
                    exchange.rewriting().host = value.encode("latin-1", "replace")
                continue
            if lower.encode("latin-1", "replace") in REQUEST_DROPPED:
                continue
            key, new = name.encode("latin-1", "replace"), value.encode("utf-8", "surrogateescape")
            if step == "remove":
                table.remove(key)
            elif not new:
                continue  # a rule without a value changes nothing
            elif step == "rename":
                if new.lower() not in REQUEST_DROPPED:
                    table.rename(key, new)
            else:
                getattr(table, step)(key, new)
        table.write(exchange.request_changes)

    def _change_body(self, exchange: Exchange, environment: Environment, kind: str) -> None:
        if "application/json" in kind:
            document = exchange.document() if exchange.body else {}
            if isinstance(document, dict):
                exchange.replace(_transformed_json(document, self.body, environment))
        elif "application/x-www-form-urlencoded" in kind:
            given = _arguments.parsed(exchange.body)
            exchange.body = _arguments.written(_transformed(given, self.body, environment))
        elif "multipart/form-data" in kind:
            form = _multipart.parsed(exchange.body, exchange.request.fields.get(b"content-type", b""))
            if form is not None:
                _transform_form(form, self.body, environment)
                exchange.body = form.encoded()


def _compiled(config: Mapping[str, Any], part: str, problems: dict[str, Any]) -> dict[str, Rules]:
    """The rules of one part by step, steps without rules left out."""
    out: dict[str, Rules] = {}
    for step in STEPS:
        found: Rules = []
        errors: list[str | None] = []
        for name, value in rules(config, step, part):
            try:
                found.append((name, compiled(value)))
                errors.append(None)
            except ExpressionError as error:
                errors.append(str(error))
        if any(errors):
            problems.setdefault(step, {})[part] = errors
        if found:
            out[step] = found
    return out


def _rendered(steps: Mapping[str, Rules], environment: Environment) -> list[tuple[str, str, str]]:
    """(step, name, value) in order."""
    return [(step, name, value.render(environment)) for step, found in steps.items() for name, value in found]


def _transformed(
    given: list[_arguments.Argument], steps: Mapping[str, Rules], environment: Environment
) -> list[_arguments.Argument]:
    """The arguments of a query or a form after all steps."""
    for step, name, value in _rendered(steps, environment):
        present = any(each.name == name for each in given)
        if step == "remove":
            given = [each for each in given if each.name != name]
        elif not value:
            continue
        elif step == "rename":
            if present:
                kept = (each for each in given if each.name != value or each.name == name)
                given = [_arguments.argument(value, each.value) if each.name == name else each for each in kept]
        elif step == "replace":
            if present:
                first = next(at for at, each in enumerate(given) if each.name == name)
                rest = [each for each in given[first + 1 :] if each.name != name]
                given = [*given[:first], _arguments.argument(name, value), *rest]
        elif step == "append" or not present:
            given = [*given, _arguments.argument(name, value)]
    return given


def _transformed_json(document: dict[str, Any], steps: Mapping[str, Rules], environment: Environment) -> dict[str, Any]:
    out = dict(document)
    for step, name, value in _rendered(steps, environment):
        if step == "remove":
            out.pop(name, None)
        elif not value:
            continue
        elif step == "rename":
            if name in out:
                out[value] = out.pop(name)
        elif step == "replace":
            if out.get(name) is not None:
                out[name] = value
        elif step == "add":
            if out.get(name) is None:
                out[name] = value
        else:
            out[name] = append_value(out.get(name), value)
    return out


def _transform_form(form: _multipart.Form, steps: Mapping[str, Rules], environment: Environment) -> None:
    for step, name, value in _rendered(steps, environment):
        found = form.get(name)
        if step == "remove":
            form.remove(name)
        elif not value:
            continue
        elif step == "rename":
            if found:
                form.remove(name)
                form.remove(value)
                form.add(value, found[0])
        elif step == "replace":
            if found:
                form.remove(name)
                form.add(name, value)
        elif step == "append" or not found:
            form.add(name, value)


def _within_path(value: str) -> str:
    """A request's value in a path: it may not begin the query."""
    return value.replace("?", "%3F").replace("#", "%23")


PLUGIN = RequestTransformer
