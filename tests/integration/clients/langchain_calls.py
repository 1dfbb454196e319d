"""LangChain's OpenAI integration."""

from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from runner import run

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": SCHEMA}}


def client(url, base, model, **more):
    return ChatOpenAI(base_url=url + base, api_key="unused", model=model, max_retries=0, timeout=30, **more)


def chat(url, base, model):
    got = client(url, base, model).invoke("What is 1+1?")
    return {"text": got.content, "usage": [got.usage_metadata["input_tokens"], got.usage_metadata["output_tokens"]]}


def stream(url, base, model):
    return "".join(str(chunk.content) for chunk in client(url, base, model).stream("What is 1+1?"))


def tools(url, base, model):
    got = client(url, base, model).bind_tools([TOOL]).invoke("Weather in Paris?")
    return [[call["name"], call["args"]] for call in got.tool_calls]


def embeddings(url, base, model):
    made = OpenAIEmbeddings(base_url=url + base, api_key="unused", model=model, check_embedding_ctx_length=False)
    return made.embed_query("x")


run({"chat": chat, "stream": stream, "tools": tools, "embeddings": embeddings})
