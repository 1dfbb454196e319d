"""An OpenAPI 3.1 document of the live routes, for the people and programs that call the gateway. Pure.

Not for: the Admin API, routes whose path cannot be told (a regex that is more than text is shown as a template of its
named groups or left out).
"""

from __future__ import annotations

from typing import Any

from gateway import __version__
from gateway.admin.overview import RouteView

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
_SCHEMAS: dict[str, Any] = {
    "Chat": {
        "type": "object",
        "required": ["messages"],
        "properties": {
            "messages": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["role"],
                    "properties": {
                        "role": {"type": "string", "enum": ["system", "developer", "user", "assistant", "tool"]},
                        "content": {"description": "A text, or a list of parts."},
                    },
                },
            },
            "stream": {"type": "boolean", "description": "Answer in server-sent events as the text is made."},
        },
    },
    "Completion": {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"description": "A text to go on with."},
            "stream": {"type": "boolean", "description": "Answer in server-sent events as the text is made."},
        },
    },
    "Answer": {
        "type": "object",
        "description": "A completion in OpenAI's shape, whichever provider made it.",
        "properties": {
            "id": {"type": "string"},
            "model": {"type": "string"},
            "choices": {"type": "array", "items": {"type": "object"}},
            "usage": {
                "type": "object",
                "properties": {
                    "prompt_tokens": {"type": "integer"},
                    "completion_tokens": {"type": "integer"},
                    "total_tokens": {"type": "integer"},
                },
            },
        },
    },
    "Embedding": {
        "type": "object",
        "required": ["input"],
        "properties": {"model": {"type": "string"}, "input": {"description": "A text, or a list of texts."}},
    },
    "Embeddings": {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"type": "object"}}, "model": {"type": "string"}},
    },
    "Response": {
        "type": "object",
        "description": "A request of OpenAI's Responses.",
        "required": ["input"],
        "properties": {"model": {"type": "string"}, "input": {}, "stream": {"type": "boolean"}},
    },
    "Message": {
        "type": "object",
        "description": "A request of Anthropic's Messages.",
        "required": ["max_tokens", "messages"],
        "properties": {
            "model": {"type": "string"},
            "max_tokens": {"type": "integer", "minimum": 1},
            "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            "stream": {"type": "boolean"},
        },
    },
    "Object": {"type": "object", "description": "An answer in the dialect of the request."},
    "Error": {"type": "object", "description": "What went wrong: `error.message` or `message`."},
}
_BODIES = {
    "chat": ("Chat", "Answer"),
    "completions": ("Completion", "Answer"),
    "embeddings": ("Embedding", "Embeddings"),
    "responses": ("Response", "Object"),
    "messages": ("Message", "Object"),
}
"""Operation -> the schemas of its request and of its answer."""


def document(views: list[RouteView], base: str) -> dict[str, Any]:
    """`base`: where clients reach the gateway."""
    paths: dict[str, dict[str, Any]] = {}
    schemes: dict[str, Any] = {}
    for view in views:
        if not view.path:
            continue
        path = paths.setdefault(_template(view.path), {})
        for method in [name for name in view.methods if name in _METHODS] or [view.method]:
            path.setdefault(method.lower(), _operation(view, method))
        if view.key_header:
            schemes[_scheme(view)] = {"type": "apiKey", "in": "header", "name": view.key_header}
    components: dict[str, Any] = {"schemas": _SCHEMAS}
    if schemes:
        components["securitySchemes"] = schemes
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AI gateway",
            "version": __version__,
            "description": "Made from the routes that the gateway runs with at this moment.",
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": components,
    }


def _operation(view: RouteView, method: str) -> dict[str, Any]:
    model = f"{view.title}, {view.model or 'the model that the request names'}" if view.ai else view.name
    operation: dict[str, Any] = {
        "operationId": f"{view.name}-{method.lower()}",
        "summary": model,
        "responses": {
            "200": {"description": "The answer."},
            "default": {"description": "An error.", "content": _json("Error")},
        },
    }
    if view.headers:
        operation["parameters"] = [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string", "examples": [value]}}
            for name, value in view.headers.items()
        ]
    schemas = _BODIES.get(view.operation)
    if schemas is not None and method not in ("GET", "HEAD"):
        content = _json(schemas[0])
        content["application/json"]["example"] = view.body
        operation["requestBody"] = {"required": True, "content": content}
        streams: dict[str, Any] = {"text/event-stream": {}} if view.operation != "embeddings" else {}
        operation["responses"]["200"]["content"] = {**_json(schemas[1]), **streams}
    if view.key_header:
        operation["security"] = [{_scheme(view): []}]
    return operation


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _scheme(view: RouteView) -> str:
    return "key-" + view.key_header.lower()


def _template(path: str) -> str:
    """Braces would make a parameter of what is only a path."""
    return path.replace("{", "%7B").replace("}", "%7D")
