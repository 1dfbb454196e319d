"""Mistral's own SDK; its class moved in the second major."""

from runner import run

try:
    from mistralai import Mistral
except ImportError:
    from mistralai.client import Mistral

HI = [{"role": "user", "content": "What is 1+1?"}]


def client(url, base):
    return Mistral(api_key="unused", server_url=url + base)


def chat(url, base, model):
    got = client(url, base).chat.complete(model=model, messages=HI)
    return {"text": got.choices[0].message.content, "usage": [got.usage.prompt_tokens, got.usage.completion_tokens]}


def stream(url, base, model):
    text = ""
    for event in client(url, base).chat.stream(model=model, messages=HI):
        for choice in event.data.choices:
            text += choice.delta.content or ""
    return text


run({"chat": chat, "stream": stream})
