"""Google's SDK for Gemini."""

from google import genai
from runner import run


def client(url, base):
    return genai.Client(api_key="unused", http_options={"base_url": url + base})


def chat(url, base, model):
    made = client(url, base)  # which closes its connections when nobody holds it
    got = made.models.generate_content(model=model, contents="What is 1+1?")
    return {"text": got.text, "usage": got.usage_metadata.prompt_token_count}


def stream(url, base, model):
    made = client(url, base)
    chunks = made.models.generate_content_stream(model=model, contents="What is 1+1?")
    return "".join(chunk.text or "" for chunk in chunks)


run({"chat": chat, "stream": stream})
