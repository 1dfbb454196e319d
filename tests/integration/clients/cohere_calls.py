"""Cohere's own SDK, version 2 of its API."""

import cohere
from runner import run

HI = [{"role": "user", "content": "What is 1+1?"}]


def chat(url, base, model):
    got = cohere.ClientV2(api_key="unused", base_url=url + base).chat(model=model, messages=HI)
    return {"text": got.message.content[0].text, "finish": got.finish_reason}


def stream(url, base, model):
    events = cohere.ClientV2(api_key="unused", base_url=url + base).chat_stream(model=model, messages=HI)
    return "".join(event.delta.message.content.text for event in events if event.type == "content-delta")


run({"chat": chat, "stream": stream})
