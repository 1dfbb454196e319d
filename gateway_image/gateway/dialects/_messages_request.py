"""A Messages request as an OpenAI chat. Not for: answers (anthropic.py, _messages_stream.py).

What has no equal elsewhere and changes what the answer means (tools that run at Anthropic, stored files) is refused
with its name; what only tunes Anthropic's own service (cache_control, betas, service tiers) is left out.
"""

from __future__ import annotations

from typing import Any

from gateway.chat import count, items, mapping, string
from gateway.codec import encode
from gateway.dialects._base import PASSED, DialectError, one_system
from gateway.dialects._call_ids import unpacked

Json = Any
_LOW, _MEDIUM = 4096, 16384  # budgets of thinking, in tokens, up to which an effort is called so


def as_chat(body: dict[str, Json]) -> dict[str, Json]:
    """Raises DialectError."""
    chat: dict[str, Json] = {"messages": one_system(_messages(body))}
    limit = body.get("max_tokens")
    if limit is not None:
        chat["max_tokens"] = limit
    for name in ("temperature", "top_p", "top_k", *PASSED):
        if body.get(name) is not None:
            chat[name] = body[name]
    if stops := [text for text in items(body.get("stop_sequences")) if isinstance(text, str)]:
        chat["stop"] = stops
    if user := string(mapping(body.get("metadata")).get("user_id")):
        chat["user"] = user
    if body.get("mcp_servers"):
        raise DialectError("'mcp_servers' are called by Anthropic itself: this route's provider cannot")
    _tools(body, chat)
    _thinking(body, chat)
    wanted = mapping(mapping(body.get("output_config")).get("format") or body.get("output_format"))
    if wanted.get("type") == "json_schema":
        schema = {"name": "answer", "schema": mapping(wanted.get("schema")), "strict": True}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    return chat


def _thinking(body: dict[str, Json], chat: dict[str, Json]) -> None:
    effort = string(mapping(body.get("output_config")).get("effort"))
    thinking = mapping(body.get("thinking"))
    if not effort and thinking.get("type") == "enabled":
        budget = count(thinking.get("budget_tokens"))
        effort = "low" if budget <= _LOW else "medium" if budget <= _MEDIUM else "high"
    if effort:
        chat.setdefault("reasoning_effort", effort)


def _tools(body: dict[str, Json], chat: dict[str, Json]) -> None:
    tools = []
    for tool in map(mapping, items(body.get("tools"))):
        kind, name = tool.get("type"), string(tool.get("name"))
        if kind not in (None, "custom"):
            raise DialectError(
                f"tool '{name or kind}' of type '{kind}' runs at Anthropic: this route's provider has no such tool. "
                "Leave it out, or describe a tool of your own with input_schema"
            )
        function: dict[str, Json] = {"name": name}
        if string(tool.get("description")):
            function["description"] = tool["description"]
        function["parameters"] = mapping(tool.get("input_schema")) or {"type": "object", "properties": {}}
        if isinstance(tool.get("strict"), bool):
            function["strict"] = tool["strict"]
        tools.append({"type": "function", "function": function})
    if not tools:
        return
    chat["tools"] = tools
    choice = mapping(body.get("tool_choice"))
    kind = choice.get("type")
    if kind == "tool":
        chat["tool_choice"] = {"type": "function", "function": {"name": string(choice.get("name"))}}
    elif kind in ("auto", "any", "none"):
        chat["tool_choice"] = "required" if kind == "any" else kind
    if choice.get("disable_parallel_tool_use") is True and kind != "none":
        chat["parallel_tool_calls"] = False


def _messages(body: dict[str, Json]) -> list[dict[str, Json]]:
    messages: list[dict[str, Json]] = []
    if system := system_text(body.get("system")):
        messages.append({"role": "system", "content": system})
    for position, message in enumerate(items(body.get("messages"))):
        if not isinstance(message, dict):
            raise DialectError(f"messages.{position} is not an object")
        role, content = message.get("role"), message.get("content")
        if isinstance(content, str):
            blocks: list[Json] = [{"type": "text", "text": content}]
        elif isinstance(content, list):
            blocks = content
        else:
            raise DialectError(f"messages.{position}.content is neither a text nor an array of blocks")
        where = f"messages.{position}.content"
        if role == "assistant":
            messages += _assistant(blocks, where)
        elif role == "system":
            messages.append({"role": "system", "content": _text(blocks, where)})
        elif role == "user":
            messages += _user(blocks, where)
        else:
            raise DialectError(f"messages.{position}.role must be 'user', 'assistant' or 'system'")
    return messages


def system_text(system: Json) -> str:
    """A system prompt, given as a text or as text blocks."""
    if isinstance(system, str):
        return system
    return "\n\n".join(text for block in items(system) if (text := string(mapping(block).get("text"))))


def _assistant(blocks: list[Json], where: str) -> list[dict[str, Json]]:
    """One turn of the model. What it thought is left out: no other provider takes it back."""
    texts: list[str] = []
    calls: list[dict[str, Json]] = []
    for number, block in enumerate(blocks):
        block = mapping(block)
        kind = block.get("type")
        if kind == "text":
            texts.append(string(block.get("text")))
        elif kind == "tool_use":
            calls.append(_call(block))
        elif kind not in ("thinking", "redacted_thinking"):
            raise DialectError(_unknown(f"{where}.{number}", kind))
    message: dict[str, Json] = {"role": "assistant", "content": "".join(texts) or (None if calls else "")}
    if calls:
        message["tool_calls"] = calls
    return [message]


def _call(block: dict[str, Json]) -> dict[str, Json]:
    identity, extra = unpacked(string(block.get("id")))
    function = {"name": string(block.get("name")), "arguments": encode(mapping(block.get("input"))).decode()}
    call: dict[str, Json] = {"id": identity, "type": "function", "function": function}
    if extra is not None:
        call["extra_content"] = extra
    return call


def _user(blocks: list[Json], where: str) -> list[dict[str, Json]]:
    """Results of tools first, because they must follow their calls, then what the user says. Pictures in a result are
    said by the user: a tool's message holds text only."""
    results: list[dict[str, Json]] = []
    parts: list[dict[str, Json]] = []
    for number, block in enumerate(blocks):
        block = mapping(block)
        place = f"{where}.{number}"
        if block.get("type") != "tool_result":
            parts.append(_part(block, place))
            continue
        content = block.get("content")
        inner = [{"type": "text", "text": content}] if isinstance(content, str) else items(content)
        told = [_part(mapping(item), f"{place}.content.{index}") for index, item in enumerate(inner)]
        text = "\n".join(part["text"] for part in told if part["type"] == "text")
        if block.get("is_error") is True:
            text = f"Error: {text}" if text else "Error"
        results.append({"role": "tool", "tool_call_id": unpacked(string(block.get("tool_use_id")))[0], "content": text})
        parts += [part for part in told if part["type"] != "text"]
    if not parts and results:
        return results
    plain = len(parts) == 1 and parts[0]["type"] == "text"
    return [*results, {"role": "user", "content": parts[0]["text"] if plain else parts or ""}]


def _part(block: dict[str, Json], where: str) -> dict[str, Json]:
    """One block that holds words, a picture or a file, as a part of an OpenAI message."""
    kind = block.get("type")
    if kind == "text":
        return {"type": "text", "text": string(block.get("text"))}
    source = mapping(block.get("source"))
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": _url(source, where)}}
    if kind == "document":
        if source.get("type") == "text":
            return {"type": "text", "text": string(source.get("data"))}
        if source.get("type") == "content":
            given = source.get("content")
            return {"type": "text", "text": given if isinstance(given, str) else _text(items(given), where)}
        file = {"filename": string(block.get("title")) or "document.pdf", "file_data": _url(source, where)}
        return {"type": "file", "file": file}
    if kind == "search_result":
        heading = f"{string(block.get('title'))} ({string(source or block.get('source'))})"
        return {"type": "text", "text": f"{heading}\n{_text(items(block.get('content')), where)}"}
    raise DialectError(_unknown(where, kind))


def _url(source: dict[str, Json], where: str) -> str:
    if source.get("type") == "base64":
        return f"data:{string(source.get('media_type'))};base64,{string(source.get('data'))}"
    if source.get("type") == "url":
        return string(source.get("url"))
    raise DialectError(f"{where}.source is stored at Anthropic: send it as base64 or by its URL")


def _text(blocks: list[Json], where: str) -> str:
    texts = []
    for number, block in enumerate(blocks):
        if mapping(block).get("type") != "text":
            raise DialectError(_unknown(f"{where}.{number}", mapping(block).get("type")))
        texts.append(string(block.get("text")))
    return "\n\n".join(texts)


def _unknown(where: str, kind: Json) -> str:
    known = "text, image, document, search_result, tool_use, tool_result and thinking"
    return f"{where} is a block of type '{kind}', which this route's provider cannot be told; it can be told {known}"
