"""What clients of Messages and Responses rely on in a stream, and what they put together from it. Written from the two
APIs' published event grammars; not for: what a particular answer must say.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

Json = Any


def events(data: bytes) -> list[Json]:
    """The decoded events; each must have a name that its data's type repeats. Comments are passed over."""
    assert data.endswith(b"\n\n") or not data
    found = []
    for block in data.decode().split("\n\n")[:-1]:
        if block.startswith(":"):
            continue
        first, second = block.split("\n")
        value = json.loads(second.removeprefix("data: "))
        assert first == f"event: {value['type']}", first
        found.append(value)
    return found


def message_of(found: list[Json]) -> Json:
    """The message that an Anthropic client puts together; AssertionError where the order is not Anthropic's."""
    found = [event for event in found if event["type"] != "ping"]
    assert found[0]["type"] == "message_start"
    message = found[0]["message"]
    assert message["content"] == [] and message["stop_reason"] is None
    opened: Json = None
    text = ""
    for event in found[1:]:
        kind = event["type"]
        if kind == "content_block_start":
            assert opened is None and event["index"] == len(message["content"])
            opened, text = dict(event["content_block"]), ""
            message["content"].append(opened)
        elif kind == "content_block_delta":
            assert opened is not None and event["index"] == len(message["content"]) - 1
            text += _delta(opened, event["delta"])
        elif kind == "content_block_stop":
            assert opened is not None and event["index"] == len(message["content"]) - 1
            if opened["type"] == "tool_use":
                opened["input"] = json.loads(text) if text else {}
            opened = None
        elif kind == "message_delta":
            assert opened is None
            message.update(event["delta"])
            message["usage"].update(event["usage"])
        else:
            assert kind == "message_stop" and event is found[-1], kind
    assert found[-2]["type"] == "message_delta" and found[-1]["type"] == "message_stop"
    return message


def _delta(block: Json, delta: Json) -> str:
    kind = delta["type"]
    members = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
    blocks = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "tool_use"}
    assert block["type"] == blocks[kind]
    piece: str = delta[members[kind]]
    if kind != "input_json_delta":
        block[members[kind]] += piece
    return piece


def response_of(found: list[Json]) -> Json:
    """The final response of a Responses stream, compared with what its events told one by one."""
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert [event["type"] for event in found[:2]] == ["response.created", "response.in_progress"]
    assert found[0]["response"]["status"] == "in_progress" and found[0]["response"]["output"] == []
    items: dict[int, Json] = {}
    done: dict[int, Json] = {}
    for event in found[2:-1]:
        kind, place = event["type"], event["output_index"]
        if kind == "response.output_item.added":
            assert place == len(items) and event["item"]["status"] == "in_progress"
            items[place] = {"id": event["item"]["id"], "text": ""}
            continue
        assert place in items and place not in done
        if kind == "response.output_item.done":
            assert event["item"]["id"] == items[place]["id"] and event["item"]["status"] == "completed"
            done[place] = event["item"]
            assert _told(event["item"]) == items[place]["text"] or items[place]["text"] == ""
            continue
        if "item_id" in event:
            assert event["item_id"] == items[place]["id"]
        if kind.endswith(".delta"):
            items[place]["text"] += event["delta"]
    whole = found[-1]["response"]
    assert found[-1]["type"] == f"response.{whole['status']}"
    assert [done[place] for place in sorted(done)] == whole["output"]
    assert items.keys() == done.keys()
    return whole


def _told(item: Json) -> str:
    if item["type"] == "function_call":
        text: str = item["arguments"]
        return text
    return "".join(part.get("text", part.get("refusal", "")) for part in item["content"])


# --- OpenAI streams to translate ------------------------------------------------------------------


def chunk(delta: Json, reason: str | None = None, **more: Json) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [choice], **more}


def usage_chunk(**usage: Json) -> Json:
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [], "usage": usage}


def tool(index: int, identity: str, name: str) -> Json:
    call = {"index": index, "id": identity, "type": "function", "function": {"name": name, "arguments": ""}}
    return chunk({"tool_calls": [call]})


def arguments(index: int, text: str) -> Json:
    return chunk({"tool_calls": [{"index": index, "function": {"arguments": text}}]})


OBJECTS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8), max_size=3)


@st.composite
def answers(draw: Any) -> tuple[list[Json], str, str, list[Json]]:
    """(chunks, text, reasoning, tool inputs): an answer as providers stream it, tool calls perhaps interleaved."""
    reasoning = draw(st.lists(st.text(min_size=1, max_size=6), max_size=3))
    texts = draw(st.lists(st.text(min_size=1, max_size=6), max_size=4))
    inputs = draw(st.lists(OBJECTS, max_size=3))
    chunks = [chunk({"role": "assistant", "content": ""})]
    chunks += [chunk({"reasoning_content": text}) for text in reasoning]
    chunks += [chunk({"content": text}) for text in texts]
    queues = []
    for number, value in enumerate(inputs):
        text = json.dumps(value)
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=2)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        queues.append([tool(number, f"t{number}", f"f{number}"), *(arguments(number, piece) for piece in pieces)])
    interleaved = draw(st.booleans())
    if inputs and draw(st.booleans()):  # words after or between the calls
        texts.append(draw(st.text(min_size=1, max_size=6)))
        queues.append([chunk({"content": texts[-1]})])
    while any(queues):
        live = [queue for queue in queues if queue]
        chunks.append((draw(st.sampled_from(live)) if interleaved else live[0]).pop(0))
    chunks.append(chunk({}, "tool_calls" if inputs else "stop"))
    return chunks, "".join(texts), "".join(reasoning), inputs
