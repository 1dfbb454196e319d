"""The half of Gemini's requests that is not settings: turns, parts, functions. Not for: answers (gemini)."""

from __future__ import annotations

from gateway import chat
from gateway.chat import items, mapping, string
from gateway.codec import CodecError, decode
from gateway.providers._base import Json
from gateway.providers._translated import SYSTEM_ROLES, Wanted, called

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


def contents(messages: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Turns of a user or the model; results of tools in a row are one turn of the user."""
    turns: list[dict[str, Json]] = []
    names: dict[str, str] = {}  # id of a tool call -> name of its function, which results need
    for message in messages:
        role = message.get("role")
        if role in SYSTEM_ROLES:
            continue
        if role in ("tool", "function"):
            part = _result(message, names)
            if turns and turns[-1]["role"] == "user" and "functionResponse" in turns[-1]["parts"][-1]:
                turns[-1]["parts"].append(part)
            else:
                turns.append({"role": "user", "parts": [part]})
            continue
        parts = [_part(given) for given in chat.parts_of(message.get("content"))]
        parts += [_call(call, names) for call in map(mapping, items(message.get("tool_calls")))]
        turns.append({"role": "model" if role == "assistant" else "user", "parts": parts or [{"text": ""}]})
    return turns


def functions(wanted: Wanted) -> list[dict[str, Json]]:
    """Declarations, with the parameters as the JSON schema they are."""
    declared = []
    for function in wanted.functions:
        one = {"name": function["name"]}
        if string(function.get("description")):
            one["description"] = function["description"]
        if mapping(function.get("parameters")):
            one["parametersJsonSchema"] = function["parameters"]
        declared.append(one)
    return declared


def tool_config(wanted: Wanted) -> dict[str, Json]:
    """The choice of a tool; {} where the model is free."""
    chosen = wanted.chosen_tool
    if chosen.startswith("="):
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [chosen[1:]]}}
    return {"functionCallingConfig": {"mode": _MODES[chosen]}} if chosen in _MODES else {}


def _part(part: dict[str, Json]) -> dict[str, Json]:
    url = chat.image_url(part) or string(mapping(part.get("file")).get("file_data"))
    if url:
        data = chat.data_url(url)
        if data is None:
            return {"fileData": {"fileUri": url, "mimeType": "image/generic"}}
        return {"inlineData": {"mimeType": data.media_type, "data": data.data}}
    if part.get("type") == "input_audio":
        audio = mapping(part.get("input_audio"))
        return {"inlineData": {"mimeType": f"audio/{string(audio.get('format'))}", "data": string(audio.get("data"))}}
    return {"text": string(part.get("text"))}


def _call(call: dict[str, Json], names: dict[str, str]) -> dict[str, Json]:
    name, arguments = called(call)
    names[string(call.get("id"))] = name
    part: dict[str, Json] = {"functionCall": {"name": name, "args": arguments}}
    signature = mapping(mapping(call.get("extra_content")).get("google")).get("thought_signature")
    if string(signature):
        part["thoughtSignature"] = signature
    return part


def _result(message: dict[str, Json], names: dict[str, str]) -> dict[str, Json]:
    """A tool's answer must be an object here: JSON that is none, and text, go under `result`."""
    text = chat.text_of(message.get("content"))
    name = names.get(string(message.get("tool_call_id")), string(message.get("name")))
    try:
        value = decode(text.encode("utf-8", "replace"))
    except CodecError:
        value = text
    return {"functionResponse": {"name": name, "response": value if isinstance(value, dict) else {"result": value}}}
