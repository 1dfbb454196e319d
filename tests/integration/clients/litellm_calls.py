"""LiteLLM as a client library, speaking to the gateway as if it were OpenAI or Anthropic."""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network while it is imported

import litellm
from runner import run

litellm.telemetry = False
HI = [{"role": "user", "content": "What is 1+1?"}]


def asked(url, base, model, **more):
    return {"model": model, "api_base": url + base, "api_key": "unused", "num_retries": 0, "timeout": 30, **more}


def chat(url, base, model):
    got = litellm.completion(messages=HI, **asked(url, base, model))
    return {"text": got.choices[0].message.content, "usage": [got.usage.prompt_tokens, got.usage.completion_tokens]}


def stream(url, base, model):
    chunks = litellm.completion(messages=HI, stream=True, **asked(url, base, model))
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def embeddings(url, base, model):
    got = litellm.embedding(input=["x"], encoding_format="float", **asked(url, base, model))
    return got.data[0]["embedding"]


run({"chat": chat, "stream": stream, "embeddings": embeddings})
