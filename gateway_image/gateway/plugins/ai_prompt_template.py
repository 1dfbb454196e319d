"""ai-prompt-template: the client names a template and fills in its blanks, {{name}}.

    {"messages": "{template://greeting}", "properties": {"name": "Ada"}}

Source: Kong's public documentation and the recorded behaviour of Kong 3.9.1. Deviation on purpose: members beside the
template (model, temperature) are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.codec import CodecError, decode, encode
from gateway.plugins._ai_fields import body_limit, body_size_field
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._prompt_body import asks_nothing, document_of, too_large
from gateway.schema import Array, Boolean, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_BLANK = re.compile(r"\{\{(\w+)\}\}")
_REFERENCE = re.compile(r"\{template://([^{}]*)\}")
_FIELDS = ("messages", "prompt")


class AiPromptTemplate(Plugin):
    name = "ai-prompt-template"
    priority = 773
    fields = Record(
        "Prompts that are written here and filled in by clients.",
        required=True,
        fields={
            "templates": Array(
                "The templates that clients may name.",
                required=True,
                elements=Record(
                    "One template.",
                    required=True,
                    fields={
                        "name": String("What clients call it.", required=True),
                        "template": String(
                            "JSON text of a request's members, with {{name}} where clients fill in.", required=True
                        ),
                    },
                ),
            ),
            "allow_untemplated_requests": Boolean(
                "Let requests through that name no template.", required=True, default=True
            ),
            "log_original_request": Boolean("Log the request as it came.", required=True, default=False),
            "max_request_body_size": body_size_field(),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.limit = body_limit(config)
        self.templates: dict[str, str] = {entry["name"]: entry["template"] for entry in config["templates"]}

    def access(self, exchange: Exchange) -> Reply | None:
        if asks_nothing(exchange):
            return None
        refused = too_large(exchange, self.limit)
        if refused is not None:
            return refused
        if self.config["log_original_request"]:
            exchange.notes["original_request"] = exchange.request.body
        document = document_of(exchange)
        if document is None:
            return exchange.ai_error(400, "this LLM route only supports application/json requests")
        given = [field for field in _FIELDS if document.get(field) is not None]
        if len(given) > 1:
            return exchange.ai_error(400, "cannot run 'messages' and 'prompt' templates at the same time")
        if not given:
            return exchange.ai_error(
                400, "only 'llm/v1/chat' and 'llm/v1/completions' formats are supported for templating"
            )
        named = _REFERENCE.fullmatch(document[given[0]]) if isinstance(document[given[0]], str) else None
        if named is None:
            if self.config["allow_untemplated_requests"]:
                return None
            return exchange.ai_error(400, "this LLM route only supports templated requests")
        template = self.templates.get(named[1])
        if template is None:
            return exchange.ai_error(400, f"could not find template name [{named[1]}]")
        properties = document.get("properties")
        properties = {} if properties is None else properties
        problem = _problem(template, properties)
        if problem:
            return exchange.ai_error(400, problem)
        text = _BLANK.sub(lambda blank: _inside_string(properties[blank[1]]), template)
        try:
            filled = decode(text.encode())
        except CodecError as error:
            return exchange.ai_error(400, f"template [{named[1]}] is {error}")
        rest = {name: value for name, value in document.items() if name not in (given[0], "properties")}
        exchange.replace({**rest, **(filled if isinstance(filled, dict) else {given[0]: filled})})
        return None


def _problem(template: str, properties: Any) -> str:
    """Why `properties` do not fill `template`; empty when they do."""
    if not isinstance(properties, dict):
        return "properties must be an object"
    blanks = list(dict.fromkeys(_BLANK.findall(template)))
    missing = [f"[{name}]" for name in blanks if name not in properties]
    if missing:
        return f"missing template parameters: {', '.join(missing)}"
    for name in blanks:
        if not isinstance(properties[name], str):
            return f"property values must be a string, got {_kind(properties[name])}"
    return ""


def _kind(value: Any) -> str:
    """Kong's word for a JSON value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "table"


def _inside_string(value: str) -> str:
    """`value` as it stands between the quotes of a JSON string: it cannot end the string it is put into."""
    return encode(value)[1:-1].decode()


PLUGIN = AiPromptTemplate
