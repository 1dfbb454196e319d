"""A Responses request as an OpenAI chat. Not for: answers (responses.py, _responses_stream.py).

What only a provider can do that keeps state or runs tools itself (previous_response_id, conversations, web search) is
refused with its name; what only tunes OpenAI's own service (store, include, truncation) is left out.
"""

from __future__ import annotations

from typing import Any

from gateway.chat import items, mapping, string
from gateway.dialects._base import PASSED, DialectError, one_system
from gateway.dialects._call_ids import unpacked

Json = Any
_STATEFUL = ("previous_response_id", "conversation", "prompt", "background")
_ROLES = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}
"""`developer` is OpenAI's own word; models elsewhere know `system`, and OpenAI's take it for the same."""


def as_chat(body: dict[str, Json]) -> dict[str, Json]:
    """Raises DialectError."""
    for name in _STATEFUL:
        if body.get(name):
            raise DialectError(
                f"'{name}' needs a provider that keeps responses: send the whole conversation in 'input'"
            )
    chat: dict[str, Json] = {"messages": one_system(_messages(body))}
    if body.get("max_output_tokens") is not None:
        chat["max_tokens"] = body["max_output_tokens"]
    for name in ("temperature", "top_p", "user", *PASSED):
        if body.get(name) is not None:
            chat[name] = body[name]
    if effort := string(mapping(body.get("reasoning")).get("effort")):
        chat["reasoning_effort"] = effort
    _format(mapping(mapping(body.get("text")).get("format")), chat)
    _tools(body, chat)
    return chat


def _format(wanted: dict[str, Json], chat: dict[str, Json]) -> None:
    if wanted.get("type") == "json_object":
        chat["response_format"] = {"type": "json_object"}
    elif wanted.get("type") == "json_schema":
        schema = {name: wanted[name] for name in ("description", "schema", "strict") if wanted.get(name) is not None}
        schema = {"name": string(wanted.get("name")) or "answer", **schema}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}


def _tools(body: dict[str, Json], chat: dict[str, Json]) -> None:
    choice = body.get("tool_choice")
    allowed: set[str] | None = None
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = {string(mapping(tool).get("name")) for tool in items(choice.get("tools"))}
        choice = choice.get("mode")
    tools = []
    for tool in map(mapping, items(body.get("tools"))):
        if tool.get("type") != "function":
            raise DialectError(
                f"a tool of type '{tool.get('type')}' runs at OpenAI: this route's provider has no such tool. "
                "Leave it out, or describe a tool of your own of type 'function'"
            )
        if allowed is None or string(tool.get("name")) in allowed:
            known = ("name", "description", "parameters", "strict")
            function = {name: tool[name] for name in known if tool.get(name) is not None}
            tools.append({"type": "function", "function": function})
    if not tools:
        return
    chat["tools"] = tools
    if isinstance(body.get("parallel_tool_calls"), bool):  # which is an error where there are no tools
        chat["parallel_tool_calls"] = body["parallel_tool_calls"]
    if isinstance(choice, dict):
        if choice.get("type") != "function":
            raise DialectError(f"'tool_choice' of type '{choice.get('type')}' is for tools that run at OpenAI")
        chat["tool_choice"] = {"type": "function", "function": {"name": string(choice.get("name"))}}
    elif isinstance(choice, str) and choice:
        chat["tool_choice"] = choice


def _messages(body: dict[str, Json]) -> list[dict[str, Json]]:
    messages: list[dict[str, Json]] = []
    if instructions := string(body.get("instructions")):
        messages.append({"role": "system", "content": instructions})
    given = body.get("input")
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    for position, item in enumerate(items(given)):
        _add(messages, mapping(item), f"input.{position}")
    return messages


def _add(messages: list[dict[str, Json]], item: dict[str, Json], where: str) -> None:
    kind = item.get("type")
    if kind in (None, "message"):
        role = _ROLES.get(string(item.get("role")))
        if role is None:
            raise DialectError(f"{where}.role must be 'user', 'assistant', 'system' or 'developer'")
        messages.append({"role": role, "content": _content(item.get("content"), role, where)})
    elif kind == "function_call":
        identity, extra = unpacked(string(item.get("call_id")))
        function = {"name": string(item.get("name")), "arguments": string(item.get("arguments")) or "{}"}
        call: dict[str, Json] = {"id": identity, "type": "function", "function": function}
        if extra is not None:
            call["extra_content"] = extra
        if messages and messages[-1]["role"] == "assistant":  # calls and words of one turn are one message
            messages[-1] = {**messages[-1], "tool_calls": [*messages[-1].get("tool_calls", ()), call]}
            messages[-1]["content"] = messages[-1]["content"] or None
        else:
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
    elif kind == "function_call_output":
        given = item.get("output")
        text = given if isinstance(given, str) else _text(items(given), f"{where}.output")
        identity = unpacked(string(item.get("call_id")))[0]
        messages.append({"role": "tool", "tool_call_id": identity, "content": text})
    elif kind != "reasoning":  # what a model thought is not taken back by others
        known = "message, function_call, function_call_output and reasoning"
        raise DialectError(
            f"{where} is an item of type '{kind}', which this route's provider cannot be told; it can be told {known}"
        )


def _content(content: Json, role: str, where: str) -> Json:
    """A message's content: a text stays one, parts become OpenAI chat parts; a lone text is a text again."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise DialectError(f"{where}.content is neither a text nor an array of parts")
    parts = [_part(mapping(part), f"{where}.content.{number}") for number, part in enumerate(content)]
    if (role != "user" or len(parts) == 1) and all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts


def _part(part: dict[str, Json], where: str) -> dict[str, Json]:
    kind = part.get("type")
    if kind in ("input_text", "output_text", "text"):
        return {"type": "text", "text": string(part.get("text"))}
    if kind == "refusal":
        return {"type": "text", "text": string(part.get("refusal"))}
    if kind == "input_image" and string(part.get("image_url")):
        image = {"url": part["image_url"]}
        if string(part.get("detail")):
            image["detail"] = part["detail"]
        return {"type": "image_url", "image_url": image}
    if kind == "input_file" and string(part.get("file_data")):
        return {
            "type": "file",
            "file": {"filename": string(part.get("filename")) or "file.pdf", "file_data": part["file_data"]},
        }
    if kind == "input_audio":
        return {"type": "input_audio", "input_audio": mapping(part.get("input_audio"))}
    if kind in ("input_image", "input_file"):
        raise DialectError(f"{where} is stored at OpenAI or elsewhere: send its data itself")
    known = "input_text, input_image, input_file, input_audio and output_text"
    raise DialectError(f"{where} is a part of type '{kind}'; this route's provider can be told {known}")


def _text(parts: list[Json], where: str) -> str:
    told = [_part(mapping(part), f"{where}.{number}") for number, part in enumerate(parts)]
    for number, part in enumerate(told):
        if part["type"] != "text":
            raise DialectError(f"{where}.{number} is no text: a result for this route's provider can only be text")
    return "\n".join(part["text"] for part in told)
