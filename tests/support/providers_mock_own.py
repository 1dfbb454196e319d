"""Stand-ins for the providers with a dialect of their own: Anthropic, Cohere, Gemini, Ollama. See providers_mock.py."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from support.mock_server import Answer, Asked, Refusal, as_json, split
from support.providers_mock import ProviderMock, data_events, question, words

Json = Any


def named_events(*events: Json) -> str:
    """SSE where each event's name is its type; no [DONE]."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


class Anthropic(ProviderMock):
    models: ClassVar[tuple[str, ...]] = ("claude-haiku-5-5", "claude-sonnet-5-5")
    known: ClassVar[frozenset[str]] = words(
        "model messages max_tokens system stop_sequences stream temperature top_p top_k thinking output_config tools "
        "tool_choice metadata service_tier"
    )

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "invalid_key": (401, "authentication_error", "invalid x-api-key"),
            "no_credit": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
            "rate_limited": (429, "rate_limit_error", "This request would exceed your rate limit."),
            "unknown_model": (404, "not_found_error", f"model: {detail}"),
            "overloaded": (529, "overloaded_error", "Overloaded"),
            "bad_request": (
                400,
                "invalid_request_error",
                f"{detail}: Extra inputs are not permitted or field required",
            ),
            "not_found": (404, "not_found_error", "Not found"),
        }
        status, type_, message = texts[kind]
        error = {"type": "error", "error": {"type": type_, "message": message}, "request_id": "req_1"}
        headers = {"retry_after": "2"} if kind == "rate_limited" else {}
        return Refusal(as_json(error, status, request_id="req_1", **headers))

    def check_credential(self, asked: Asked) -> None:
        if asked.headers.get("x-api-key", asked.headers.get("authorization", "").removeprefix("Bearer ")) != self.key:
            raise self.refuse("invalid_key")
        if asked.headers.get("anthropic-version") not in ("2023-06-01", "2026-10-21"):
            raise self.refuse("bad_request", "anthropic-version")

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", "/v1/models"):
            self.check_credential(asked)
            data = [{"type": "model", "id": name, "display_name": name} for name in self.models]
            return as_json({"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]})
        if (asked.method, asked.path) != ("POST", "/v1/messages"):
            raise self.refuse("not_found")
        body = self.check_chat(asked, "model", "messages", "max_tokens")
        if any(message["role"] not in ("user", "assistant") for message in body["messages"]):
            raise self.refuse("bad_request", "messages.role")
        text = f"You said: {question(body)}"
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "stop_sequence": None}
        if not body.get("stream"):
            usage = {"input_tokens": 12, "output_tokens": 6}
            content = [{"type": "text", "text": text}]
            return as_json(
                {**message, "content": content, "stop_reason": "end_turn", "usage": usage}, request_id="req_1"
            )
        started = {**message, "content": [], "stop_reason": None, "usage": {"input_tokens": 12, "output_tokens": 1}}
        block = {"type": "text", "text": ""}
        deltas = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
            for word in (text[:4], text[4:])
        ]
        ending = {"stop_reason": "end_turn", "stop_sequence": None}
        events = named_events(
            {"type": "message_start", "message": started},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "ping"},
            *deltas,
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 6}},
            {"type": "message_stop"},
        )
        return Answer(content_type="text/event-stream; charset=utf-8", pieces=split(events, self.piece))


class Cohere(ProviderMock):
    """v2 of the chat API."""

    models: ClassVar[tuple[str, ...]] = ("command-a-03-2025", "command-r7b-12-2024")
    known: ClassVar[frozenset[str]] = words(
        "model messages stream tools strict_tools tool_choice response_format max_tokens stop_sequences temperature p "
        "k seed frequency_penalty presence_penalty logprobs documents citation_options safety_mode thinking"
    )

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "invalid_key": (401, "invalid api token"),
            "no_credit": (402, "Please add or update your payment method."),
            "rate_limited": (429, "You are using a Trial key, which is limited to 40 API calls / minute."),
            "unknown_model": (404, f"model '{detail}' not found, make sure the correct model ID was used."),
            "overloaded": (503, "service unavailable"),
            "bad_request": (400, f"invalid request: {detail}"),
            "not_found": (404, "not found"),
        }
        status, message = texts[kind]
        return Refusal(as_json({"id": "1", "message": message}, status))

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", "/v1/models"):
            self.check_credential(asked)
            return as_json({"models": [{"name": name, "endpoints": ["chat"]} for name in self.models]})
        if (asked.method, asked.path) == ("POST", "/v1/check-api-key"):
            self.check_credential(asked)
            return as_json({"valid": True, "organization_id": "o", "owner_id": "u"})
        if (asked.method, asked.path) != ("POST", "/v2/chat"):
            raise self.refuse("not_found")
        body = self.check_chat(asked, "model", "messages")
        text = f"You said: {question(body)}"
        usage = {
            "billed_units": {"input_tokens": 5, "output_tokens": 4},
            "tokens": {"input_tokens": 66, "output_tokens": 8},
        }
        if not body.get("stream"):
            message = {"role": "assistant", "content": [{"type": "text", "text": text}]}
            return as_json({"id": "c1", "finish_reason": "COMPLETE", "message": message, "usage": usage})

        def content(type_: str, **value: str) -> dict[str, Json]:
            return {"type": type_, "index": 0, "delta": {"message": {"content": value}}}

        events = named_events(
            {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant", "content": []}}},
            content("content-start", type="text", text=""),
            content("content-delta", text=text[:6]),
            content("content-delta", text=text[6:]),
            {"type": "content-end", "index": 0},
            {"type": "message-end", "id": "c1", "delta": {"finish_reason": "COMPLETE", "usage": usage}},
        )
        return Answer(content_type="text/event-stream", pieces=split(events, self.piece))


class Gemini(ProviderMock):
    """Native paths, and OpenAI's dialect below /v1beta/openai."""

    models: ClassVar[tuple[str, ...]] = ("gemini-3.5-flash-lite", "gemini-3.8-flash")

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "invalid_key": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
            "no_credit": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
            "rate_limited": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
            "unknown_model": (404, "NOT_FOUND", f"models/{detail} is not found for API version v1beta."),
            "overloaded": (503, "UNAVAILABLE", "The model is overloaded."),
            "bad_request": (400, "INVALID_ARGUMENT", f"Invalid value: {detail}"),
            "not_found": (404, "NOT_FOUND", "Not found."),
        }
        status, name, message = texts[kind]
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        details = [reason] if kind == "invalid_key" else []
        return Refusal(
            as_json({"error": {"code": status, "message": message, "status": name, "details": details}}, status)
        )

    def check_credential(self, asked: Asked) -> None:
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key not in (asked.headers.get("x-goog-api-key"), asked.query.get("key"), bearer):
            raise self.refuse("invalid_key")

    def answer(self, asked: Asked) -> Answer:
        version, _, rest = asked.path.lstrip("/").partition("/")
        if version not in ("v1", "v1beta"):
            raise self.refuse("not_found")
        if (asked.method, rest) == ("GET", "models"):
            self.check_credential(asked)
            methods = ["generateContent", "countTokens"]
            found = [{"name": f"models/{name}", "supportedGenerationMethods": methods} for name in self.models]
            return as_json({"models": found})
        model, _, operation = rest.removeprefix("models/").partition(":")
        if asked.method != "POST" or operation not in ("generateContent", "streamGenerateContent"):
            raise self.refuse("not_found")
        body = self.check_chat(asked, "contents")
        if model not in self.models:
            raise self.refuse("unknown_model", model)
        if any(turn["role"] not in ("user", "model") for turn in body["contents"]):
            raise self.refuse("bad_request", "contents.role")
        text = "You said: " + "".join(part.get("text", "") for part in body["contents"][-1]["parts"])
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 5, "thoughtsTokenCount": 2, "totalTokenCount": 16}

        def whole(piece: str, reason: str | None) -> dict[str, Json]:
            candidate = {"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}
            ending = {"finishReason": reason} if reason else {}
            return {"candidates": [{**candidate, **ending}], "usageMetadata": usage, "modelVersion": model}

        if operation == "generateContent":
            return as_json(whole(text, "STOP"))
        parts = [whole(text[:5], None), whole(text[5:], None), whole("", "STOP")]
        if asked.query.get("alt") != "sse":
            return as_json(parts)
        events = data_events(*parts, done=False).replace("\n", "\r\n")
        return Answer(content_type="text/event-stream", pieces=split(events, self.piece))


class Ollama(ProviderMock):
    """The native API; streaming is what it does unless it is told not to."""

    models: ClassVar[tuple[str, ...]] = ("llama2:latest", "mistral:latest")
    known: ClassVar[frozenset[str]] = words(
        "model messages prompt stream format tools options think keep_alive raw system template suffix images"
    )

    def __init__(self, key: str = "", host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(key, host, port)

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "unknown_model": (404, f"model '{detail}' not found"),
            "overloaded": (503, "server busy, please try again.  maximum pending requests exceeded"),
            "invalid_key": (401, "unauthorized"),
            "not_found": (404, "404 page not found"),
        }
        status, message = texts.get(kind, (400, f"{kind}: {detail}"))
        return Refusal(as_json({"error": message}, status))

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", "/api/version"):
            return as_json({"version": "0.14.0"})
        if (asked.method, asked.path) == ("GET", "/"):
            return Answer(body=b"Ollama is running", content_type="text/plain")
        if (asked.method, asked.path) == ("GET", "/api/tags"):
            return as_json({"models": [{"name": name, "model": name, "size": 1} for name in self.models]})
        if (asked.method, asked.path) == ("GET", "/v1/models"):
            return as_json({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})
        if asked.method == "POST" and asked.path in ("/api/chat", "/api/generate"):
            return self.native(asked, chat=asked.path == "/api/chat")
        raise self.refuse("not_found")

    def native(self, asked: Asked, chat: bool) -> Answer:
        if isinstance(asked.json, dict) and asked.json.get("model") in ("llama2", "mistral"):
            asked.json["model"] += ":latest"
        body = self.check_chat(asked, "model", "messages" if chat else "prompt")
        text = f"You said: {question(body) if chat else body['prompt']}"
        base = {"model": body["model"], "created_at": "2026-11-22T00:00:00Z"}
        ending = {"done": True, "done_reason": "stop", "prompt_eval_count": 13, "eval_count": 5, "total_duration": 1000}

        def said(piece: str) -> dict[str, Json]:
            return {"message": {"role": "assistant", "content": piece}} if chat else {"response": piece}

        if body.get("stream") is False:
            return as_json({**base, **said(text), **ending})
        parts = [{**base, **said(text[:7]), "done": False}, {**base, **said(text[7:]), "done": False}]
        lines = "".join(json.dumps(part) + "\n" for part in [*parts, {**base, **said(""), **ending}])
        return Answer(content_type="application/x-ndjson", pieces=split(lines, self.piece))


class TextGeneration(ProviderMock):
    """Hugging Face's text generation server, as Llama 2's raw format uses it: prompts in the model's markup."""

    def __init__(self, key: str = "", host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(key, host, port)

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        status = {"overloaded": 429, "not_found": 404, "invalid_key": 401}.get(kind, 422)
        return Refusal(as_json({"error": f"{kind}: {detail}", "error_type": "validation"}, status))

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) != ("POST", "/generate"):
            raise self.refuse("not_found")
        body = self.check_chat(asked, "inputs")
        if not body["inputs"].startswith("<s>[INST]"):
            raise self.refuse("bad_request", "inputs")
        turn = body["inputs"].rpartition("[INST]")[2].removesuffix("[/INST]")
        text = "You said: " + turn.rpartition("<</SYS>>")[2].strip()
        details = {"finish_reason": "eos_token", "generated_tokens": 4, "prefill": [{"id": 1}, {"id": 2}]}
        if not body.get("parameters", {}).get("stream"):
            return as_json({"data": [{"generated_text": f"{body['inputs']} {text}", "details": details}]})
        tokens = [{"token": {"text": word, "special": False}, "generated_text": None} for word in (text[:8], text[8:])]
        last = {"token": {"text": "</s>", "special": True}, "generated_text": text, "details": details}
        return Answer(
            content_type="text/event-stream", pieces=split(data_events(*tokens, last, done=False), self.piece)
        )
