"""ai-prompt-template: the client names a template and fills its blanks; what it says nowhere else stays fixed.

    {"messages": "{template://greeting}", "properties": {"name": "Ada"}}

A template is JSON text with blanks, {{name}}: an object of members, or the messages alone. Values go in as JSON strings
do, so that no value can end the string it stands in. Source: Kong's documentation and the observable behaviour of Kong
3.9.1. Deviation on purpose: members beside the template (model, temperature, stream) are kept, as they are documented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.codec import CodecError, decode
from gateway.plugins._ai_fields import body_size_field
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._prompt_body import document_of, too_large
from gateway.schema import Array, Boolean, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

NOT_JSON = "this LLM route only supports application/json requests"
BOTH = "cannot run 'messages' and 'prompt' templates at the same time"
NEITHER = "only 'llm/v1/chat' and 'llm/v1/completions' formats are supported for templating"
UNTEMPLATED = "this LLM route only supports templated requests"
_BLANK = re.compile(r"\{\{(\w+)\}\}", re.ASCII)
_START, _END = "{template://", "}"


class TemplateError(Exception):
    """Properties that do not fill a template; `str()` is for the client."""


class Template:
    """JSON text cut at its blanks: text, name, text, name, ..., text."""

    __slots__ = ("name", "names", "pieces")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.pieces = _BLANK.split(text)
        self.names = tuple(dict.fromkeys(self.pieces[1::2]))

    def fill(self, properties: Any) -> Any:
        """The template's JSON with its blanks filled. Raises TemplateError."""
        if properties is None:
            properties = {}
        if not isinstance(properties, Mapping):
            raise TemplateError("properties must be an object")
        for value in properties.values():
            if not isinstance(value, str):
                raise TemplateError(f"property values must be a string, got {_kind(value)}")
        missing = [name for name in self.names if name not in properties]
        if missing:
            raise TemplateError("missing template parameters: " + ", ".join(f"[{name}]" for name in missing))
        safe = {name: json.dumps(properties[name], ensure_ascii=False)[1:-1] for name in self.names}
        pieces = list(self.pieces)
        pieces[1::2] = [safe[name] for name in self.pieces[1::2]]
        try:
            return decode("".join(pieces).encode("utf-8", "replace"))
        except CodecError as error:
            raise TemplateError(f"template [{self.name}] is {error}") from None


class AiPromptTemplate(Plugin):
    name = "ai-prompt-template"
    priority = 773
    fields = Record(
        "Templates for prompts, whose blanks clients fill.",
        required=True,
        fields={
            "templates": Array(
                "The templates that clients may name.",
                required=True,
                elements=Record(
                    "A template.",
                    required=True,
                    fields={
                        "name": String("What clients call it: {template://NAME}.", required=True),
                        "template": String("JSON text with blanks, {{name}}.", required=True),
                    },
                ),
            ),
            "allow_untemplated_requests": Boolean(
                "Whether requests without a template pass as they are.", default=True, required=True
            ),
            "log_original_request": Boolean(
                "Whether the log plugins get the request as it was before.", default=False, required=True
            ),
            "max_request_body_size": body_size_field(),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.templates: dict[str, Template] = {}
        for row in config["templates"]:
            self.templates.setdefault(row["name"], Template(row["name"], row["template"]))
        self.untemplated: bool = config["allow_untemplated_requests"]
        self.logs: bool = config["log_original_request"]
        self.limit: int | None = config["max_request_body_size"]

    def access(self, exchange: Exchange) -> Reply | None:
        refused = too_large(exchange, self.limit)
        if refused is not None:
            return refused
        if self.logs:
            exchange.notes["original_request"] = exchange.request.body
        document = document_of(exchange)
        if document is None:
            return exchange.ai_error(400, NOT_JSON)
        messages, prompt = document.get("messages"), document.get("prompt")
        if messages is not None and prompt is not None:
            return exchange.ai_error(400, BOTH)
        field = "messages" if messages is not None else "prompt"
        reference = messages if messages is not None else prompt
        if reference is None:
            return exchange.ai_error(400, NEITHER)
        if not isinstance(reference, str) or not (reference.startswith(_START) and reference.endswith(_END)):
            return None if self.untemplated else exchange.ai_error(400, UNTEMPLATED)
        name = reference[len(_START) : -len(_END)]
        template = self.templates.get(name)
        if template is None:
            return exchange.ai_error(400, f"could not find template name [{name}]")
        try:
            filled = template.fill(document.get("properties"))
        except TemplateError as error:
            return exchange.ai_error(400, str(error))
        kept = {key: value for key, value in document.items() if key not in (field, "properties")}
        exchange.replace({**kept, **filled} if isinstance(filled, dict) else {**kept, field: filled})
        return None

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        original: bytes | None = exchange.notes.get("original_request")
        return (
            {} if original is None else {"ai": {"payload": {"original_request": original.decode("utf-8", "replace")}}}
        )


def _kind(value: Any) -> str:
    """What Kong calls the type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "userdata" if value is None else "table"


PLUGIN = AiPromptTemplate
