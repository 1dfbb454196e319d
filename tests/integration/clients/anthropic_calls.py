"""Anthropic's own SDK: 2 and later say version 2026-10-21 and Bearer, older ones 2023-06-01 and X-Api-Key."""

import anthropic
from runner import run

HI = [{"role": "user", "content": "What is 1+1?"}]
PARIS = [{"role": "user", "content": "Weather in Paris?"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"name": "weather", "description": "Weather", "input_schema": SCHEMA}]


def client(url, base):
    return anthropic.Anthropic(base_url=url + base, api_key="unused", max_retries=0, timeout=30)


def told(message):
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "calls": [[block.name, block.input] for block in message.content if block.type == "tool_use"],
        "stop": message.stop_reason,
        "usage": [message.usage.input_tokens, message.usage.output_tokens],
        "model": message.model,
    }


def message(url, base, model, **more):
    asked = {"max_tokens": 100, "system": "Be short.", "messages": HI, **more}
    got = client(url, base).messages.create(model=model, **asked)
    return {**told(got), "request_id": got._request_id}


def stream(url, base, model):
    with client(url, base).messages.stream(model=model, max_tokens=100, messages=HI) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    return {**told(final), "streamed": text}


def raw_stream(url, base, model):
    events = client(url, base).messages.create(model=model, max_tokens=100, messages=HI, stream=True)
    return [event.type for event in events]


def tools(url, base, model):
    made = client(url, base)
    got = made.messages.create(model=model, max_tokens=100, messages=PARIS, tools=TOOLS, tool_choice={"type": "auto"})
    with made.messages.stream(model=model, max_tokens=100, messages=PARIS, tools=TOOLS) as stream:
        streamed = told(stream.get_final_message())
    call = next(block for block in got.content if block.type == "tool_use")
    turns = [
        *PARIS,
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in got.content]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}],
        },
    ]
    last = made.messages.create(model=model, max_tokens=100, messages=turns, tools=TOOLS)
    return {**told(got), "streamed": streamed, "last": told(last)["text"]}


def models(url, base):
    return [model.id for model in client(url, base).models.list()]


run({"message": message, "stream": stream, "raw_stream": raw_stream, "tools": tools, "models": models})
