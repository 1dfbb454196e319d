"""The half of a Converse request that is not settings: turns, content blocks, tools. Not for: answers (bedrock)."""

from __future__ import annotations

from gateway import chat
from gateway.chat import items, mapping, string
from gateway.codec import CodecError, decode
from gateway.providers._base import Json, ProviderError
from gateway.providers._translated import SYSTEM_ROLES, Wanted, called

_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}


def turns(messages: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """A user's and the assistant's turns in alternation, as Converse wants them: neighbours of one role are joined."""
    found: list[dict[str, Json]] = []
    for message in messages:
        given = message.get("role")
        if given in SYSTEM_ROLES:
            continue
        role = "assistant" if given == "assistant" else "user"
        blocks = [_result(message)] if given in ("tool", "function") else _blocks(message)
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        else:
            found.append({"role": role, "content": blocks})
    return [turn for turn in found if turn["content"]]


def used_tools(messages: list[dict[str, Json]]) -> bool:
    """Whether the history holds tool calls: then the tools must be declared again, chosen or not."""
    return any(items(message.get("tool_calls")) or message.get("role") == "tool" for message in messages)


def tool_config(wanted: Wanted, used: bool) -> dict[str, Json]:
    """Tools and the choice among them; {} without tools. There is no choice of none: the tools are left out."""
    chosen = wanted.chosen_tool
    if not wanted.functions or (chosen == "none" and not used):
        return {}
    tools = []
    for function in wanted.functions:
        schema = mapping(function.get("parameters")) or {"type": "object", "properties": {}}
        tool = {"name": function["name"], "inputSchema": {"json": schema}}
        if string(function.get("description")):
            tool["description"] = function["description"]
        tools.append({"toolSpec": tool})
    config: dict[str, Json] = {"tools": tools}
    if chosen.startswith("="):
        config["toolChoice"] = {"tool": {"name": chosen[1:]}}
    elif chosen in ("auto", "required"):
        config["toolChoice"] = {"any" if chosen == "required" else "auto": {}}
    return config


def _blocks(message: dict[str, Json]) -> list[dict[str, Json]]:
    blocks = [_block(part) for part in chat.parts_of(message.get("content"))]
    blocks = [block for block in blocks if block.get("text") != ""]  # an empty text is refused
    for call in map(mapping, items(message.get("tool_calls"))):
        name, arguments = called(call)
        blocks.append({"toolUse": {"toolUseId": string(call.get("id")), "name": name, "input": arguments}})
    return blocks


def _block(part: dict[str, Json]) -> dict[str, Json]:
    url = chat.image_url(part)
    if not url:
        return {"text": string(part.get("text"))}
    data = chat.data_url(url)
    if data is None or data.media_type not in _FORMATS:
        raise ProviderError("Bedrock takes images as data URLs only (png, jpeg, gif, webp): data:image/png;base64,...")
    return {"image": {"format": _FORMATS[data.media_type], "source": {"bytes": data.data}}}


def _result(message: dict[str, Json]) -> dict[str, Json]:
    text = chat.text_of(message.get("content"))
    try:
        value = decode(text.encode("utf-8", "replace"))
    except CodecError:
        value = None
    content = {"json": value} if isinstance(value, dict) else {"text": text or " "}
    return {"toolResult": {"toolUseId": string(message.get("tool_call_id")), "content": [content]}}
