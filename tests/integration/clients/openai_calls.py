"""OpenAI's own SDK, any of its majors since 1."""

import json

import openai
from runner import run

HI = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "What is 1+1?"}]
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": WEATHER}}]


def client(url, base):
    return openai.OpenAI(base_url=url + base, api_key="unused", max_retries=0, timeout=30)


def usage_of(usage):
    return [usage.prompt_tokens, usage.completion_tokens] if usage is not None else None


def chat(url, base, model, **more):
    got = client(url, base).chat.completions.create(model=model, messages=HI, **more)
    choice = got.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason, "usage": usage_of(got.usage)}


def stream(url, base, model):
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    text, finish, usage, ids = "", None, None, set()
    for chunk in client(url, base).chat.completions.create(model=model, messages=HI, **asked):
        ids.add(chunk.id)
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    return {"text": text, "finish": finish, "usage": usage_of(usage), "ids": len(ids)}


def tools(url, base, model):
    made = client(url, base)
    asked = [{"role": "user", "content": "Weather in Paris?"}]
    got = made.chat.completions.create(model=model, messages=asked, tools=TOOLS, tool_choice="auto")
    message = got.choices[0].message
    call = message.tool_calls[0]
    asked += [
        {"role": "assistant", "content": message.content, "tool_calls": [call.model_dump(exclude_none=True)]},
        {"role": "tool", "tool_call_id": call.id, "content": "18 degrees"},
    ]
    last = made.chat.completions.create(model=model, messages=asked, tools=TOOLS)
    return {
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "finish": got.choices[0].finish_reason,
        "text": last.choices[0].message.content,
    }


def stream_tools(url, base, model):
    calls = {}
    asked = {"messages": [{"role": "user", "content": "Weather in Paris?"}], "tools": TOOLS, "stream": True}
    for chunk in client(url, base).chat.completions.create(model=model, **asked):
        for choice in chunk.choices:
            for delta in choice.delta.tool_calls or ():
                call = calls.setdefault(delta.index, {"id": "", "name": "", "arguments": ""})
                call["id"] += delta.id or ""
                call["name"] += delta.function.name or ""
                call["arguments"] += delta.function.arguments or ""
    return [{**call, "arguments": json.loads(call["arguments"])} for call in calls.values()]


def completion(url, base, model):
    got = client(url, base).completions.create(model=model, prompt="Once")
    return {"text": got.choices[0].text, "usage": usage_of(got.usage)}


def responses(url, base, model, **more):
    got = client(url, base).responses.create(model=model, input="What is 1+1?", instructions="Be short.", **more)
    usage = [got.usage.input_tokens, got.usage.output_tokens]
    return {"text": got.output_text, "status": got.status, "usage": usage, "id": got.id}


def responses_stream(url, base, model):
    made = client(url, base)
    kinds = [event.type for event in made.responses.create(model=model, input="What is 1+1?", stream=True)]
    with made.responses.stream(model=model, input="What is 1+1?") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    return {"kinds": kinds, "text": text, "final": final.output_text, "usage": final.usage.output_tokens}


def responses_tools(url, base, model):
    made = client(url, base)
    tool = {"type": "function", "name": "weather", "description": "Weather", "parameters": WEATHER, "strict": True}
    asked = [{"role": "user", "content": "Weather in Paris?"}]
    got = made.responses.create(model=model, input=asked, tools=[tool])
    call = next(item for item in got.output if item.type == "function_call")
    with made.responses.stream(model=model, input=asked, tools=[tool]) as stream:
        streamed = next(item for item in stream.get_final_response().output if item.type == "function_call")
    asked += [
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"},
    ]
    last = made.responses.create(model=model, input=asked, tools=[tool])
    return {
        "name": call.name,
        "arguments": json.loads(call.arguments),
        "streamed": json.loads(streamed.arguments),
        "text": last.output_text,
    }


def embeddings(url, base, model):
    made = client(url, base)
    packed = made.embeddings.create(model=model, input="x")
    plain = made.embeddings.create(model=model, input=["x", "y"], encoding_format="float")
    return {"packed": packed.data[0].embedding, "plain": [each.embedding for each in plain.data],
            "tokens": plain.usage.total_tokens}  # fmt: skip


def models(url, base):
    return [model.id for model in client(url, base).models.list()]


run(
    {
        "chat": chat,
        "stream": stream,
        "tools": tools,
        "stream_tools": stream_tools,
        "completion": completion,
        "responses": responses,
        "responses_stream": responses_stream,
        "responses_tools": responses_tools,
        "embeddings": embeddings,
        "models": models,
    }
)
