"""Strict stand-ins for the model providers, written from their published wire formats (2026-11): they check method,
path, credential and fields as the real ones do, answer whole and streamed, and fail in each provider's own words.

Here: those that speak OpenAI's dialect. The others are in providers_mock_own.py.
Not for: being fast or clever; the text of every answer repeats the question, so that a test sees it arrived.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from support.mock_server import Answer, Asked, MockServer, Refusal, as_json, split

Json = Any
KEY = "sk-test-4b1d0c9e7f"
ERRORS = ("invalid_key", "no_credit", "rate_limited", "unknown_model", "overloaded", "bad_request", "not_found")


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class ProviderMock(MockServer):
    """`trouble` makes every further chat fail in that way; `piece` is the size in bytes that streams are cut into."""

    models: ClassVar[tuple[str, ...]] = ()
    known: ClassVar[frozenset[str]] = frozenset()  # fields a chat may have; empty = any

    def __init__(self, key: str = KEY, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.key = key
        self.trouble = ""
        self.piece = 11

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        """A refusal in the provider's own words; `detail` is the model or field it is about."""
        raise NotImplementedError

    def check_credential(self, asked: Asked) -> None:
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            raise self.refuse("invalid_key")

    def check_chat(self, asked: Asked, *required: str) -> dict[str, Json]:
        """The body of a chat whose method, type, credential, fields and model are in order."""
        self.check_credential(asked)
        if asked.headers.get("content-type", "").partition(";")[0] != "application/json" or not isinstance(
            asked.json, dict
        ):
            raise self.refuse("bad_request", "body")
        if self.trouble:
            raise self.refuse(self.trouble)
        body: dict[str, Json] = asked.json
        for name in required:
            if body.get(name) in (None, "", []):
                raise self.refuse("bad_request", name)
        for name in body:
            if self.known and name not in self.known:
                raise self.refuse("bad_request", name)
        if "model" in required and body["model"] not in self.models:
            raise self.refuse("unknown_model", body["model"])
        return body


def question(body: dict[str, Json]) -> str:
    """The text of the last message, however it is wrapped."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def data_events(*events: Json, done: bool = True) -> str:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")


class OpenAI(ProviderMock):
    models: ClassVar[tuple[str, ...]] = ("gpt-6-luna", "gpt-6.1-terra", "text-embedding-3-small")
    chat_path = "/v1/chat/completions"
    completions_path = "/v1/completions"
    models_path = "/v1/models"
    owner = "system"
    usage: ClassVar[dict[str, Json]] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    usage_always = False  # streams end with usage although nobody asked

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "invalid_key": (401, "Incorrect API key provided: sk-te*****0c9e.", "invalid_request_error",
                            "invalid_api_key"),
            "no_credit": (429, "You exceeded your current quota, please check your plan and billing details.",
                          "insufficient_quota", "insufficient_quota"),
            "rate_limited": (429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
            "unknown_model": (404, f"The model `{detail}` does not exist or you do not have access to it.",
                              "invalid_request_error", "model_not_found"),
            "overloaded": (503, "The server is currently overloaded.", "server_error", None),
            "bad_request": (400, f"Invalid or missing parameter: {detail}.", "invalid_request_error", None),
            "not_found": (404, "Invalid URL.", "invalid_request_error", None),
        }  # fmt: skip
        status, message, type_, code = texts[kind]
        headers = {"retry_after": "2"} if kind == "rate_limited" else {}
        error = {"message": message, "type": type_, "param": None, "code": code}
        return Refusal(as_json({"error": error}, status, x_request_id="req_1", **headers))

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", self.models_path):
            self.check_credential(asked)
            data = [{"id": name, "object": "model", "created": 1, "owned_by": self.owner} for name in self.models]
            return as_json({"object": "list", "data": data})
        if (asked.method, asked.path) == ("POST", self.chat_path):
            return self.chat(self.check_chat(asked, "model", "messages"))
        if (asked.method, asked.path) == ("POST", self.completions_path):
            return self.completion(self.check_chat(asked, "model", "prompt"))
        raise self.refuse("not_found")

    def text(self, body: dict[str, Json]) -> str:
        return f"You said: {question(body)}"

    def chat(self, body: dict[str, Json]) -> Answer:
        text = self.text(body)
        base = {"id": "chatcmpl-1", "created": 1790000000, "model": body["model"], "system_fingerprint": None}
        if not body.get("stream"):
            message = {"role": "assistant", "content": text, "refusal": None}
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            whole = {**base, "object": "chat.completion", "choices": [choice], "usage": self.usage}
            return as_json(whole, x_request_id="req_1", x_ratelimit_remaining_requests="499")
        with_usage = self.usage_always or bool((body.get("stream_options") or {}).get("include_usage"))
        return self.stream(
            [{**base, "object": "chat.completion.chunk", **chunk} for chunk in self.chunks(text, with_usage)]
        )

    def chunks(self, text: str, with_usage: bool) -> list[dict[str, Json]]:
        def choice(delta: dict[str, Json], reason: str | None = None) -> dict[str, Json]:
            return {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}

        half = len(text) // 2
        parts = [
            choice({"role": "assistant", "content": ""}),
            choice({"content": text[:half]}),
            choice({"content": text[half:]}),
            choice({}, "stop"),
        ]
        return [*parts, {"choices": [], "usage": self.usage}] if with_usage else parts

    def stream(self, chunks: list[dict[str, Json]]) -> Answer:
        return Answer(content_type="text/event-stream; charset=utf-8", pieces=split(data_events(*chunks), self.piece))

    def completion(self, body: dict[str, Json]) -> Answer:
        base = {"id": "cmpl-1", "object": "text_completion", "created": 1790000000, "model": body["model"]}
        text = f"You said: {body['prompt']}"
        if not body.get("stream"):
            choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
            return as_json({**base, "choices": [choice], "usage": self.usage})
        parts = [
            {**base, "choices": [{"index": 0, "text": word + " ", "finish_reason": None}]} for word in text.split()
        ]
        parts.append({**base, "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            parts.append({**base, "choices": [], "usage": self.usage})
        return self.stream(parts)


class Azure(OpenAI):
    """One deployment; the key is in `api-key`, the version in the query."""

    deployment = "my-luna"
    chat_path = f"/openai/deployments/{deployment}/chat/completions"
    completions_path = f"/openai/deployments/{deployment}/completions"
    models_path = "/openai/models"

    def check_credential(self, asked: Asked) -> None:
        if asked.headers.get("api-key") != self.key:
            raise self.refuse("invalid_key")
        if "api-version" not in asked.query:
            raise self.refuse("not_found")

    def answer(self, asked: Asked) -> Answer:
        if (
            asked.method == "POST"
            and asked.path in (self.chat_path, self.completions_path)
            and isinstance(asked.json, dict)
        ):
            asked.json.setdefault("model", self.models[0])  # the deployment says which model it is
            asked.json["model"] = self.models[0] if asked.json["model"] == self.deployment else asked.json["model"]
        return super().answer(asked)

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "invalid_key": (401, "401", "Access denied due to invalid subscription key or wrong API endpoint."),
            "not_found": (404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
            "rate_limited": (429, "429", "Please retry after 2 seconds."),
        }
        if kind not in texts:
            return super().refuse(kind, detail)
        status, code, message = texts[kind]
        return Refusal(as_json({"error": {"code": code, "message": message}}, status, apim_request_id="1"))


class Mistral(OpenAI):
    """Refuses what it does not know; its streams always end with usage."""

    models: ClassVar[tuple[str, ...]] = ("mistral-small-latest", "mistral-large-latest")
    usage_always = True
    known: ClassVar[frozenset[str]] = words(
        "model messages temperature top_p max_tokens min_tokens stream stop random_seed response_format tools "
        "tool_choice presence_penalty frequency_penalty n parallel_tool_calls safe_prompt"
    )

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        if kind == "invalid_key":
            return Refusal(as_json({"message": "Unauthorized", "request_id": "1"}, 401))
        if kind == "bad_request":
            problem = {"type": "extra_forbidden", "loc": ["body", detail], "msg": "Extra inputs are not permitted"}
            return Refusal(as_json({"detail": [problem]}, 422))
        texts = {
            "unknown_model": (400, f"Invalid model: {detail}", "invalid_model", "1500"),
            "no_credit": (402, "No credit.", "billing", "1700"),
            "rate_limited": (429, "Requests rate limit exceeded", "rate_limited", "1300"),
            "overloaded": (503, "Service unavailable.", "internal", "3000"),
            "not_found": (404, "no Route matched with those values", "not_found", None),
        }
        status, message, type_, code = texts[kind]
        error = {"object": "error", "message": message, "type": type_, "param": None, "code": code}
        return Refusal(as_json(error, status))


class LlamaCpp(OpenAI):
    """llama.cpp's server: no key unless one was set, error codes are numbers, health at /health."""

    models: ClassVar[tuple[str, ...]] = ("mistral-7b-instruct-v0.1.Q4_K_M.gguf",)
    owner = "llamacpp"

    def __init__(self, key: str = "", host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(key, host, port)

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("GET", "/health"):
            return as_json({"status": "ok"})
        if (asked.method, asked.path) == ("GET", "/props"):
            return as_json({"model_path": f"/models/{self.models[0]}", "total_slots": 1})
        if isinstance(asked.json, dict) and asked.method == "POST":
            asked.json["model"] = self.models[0]  # it serves the one model that was loaded, whatever is asked for
        return super().answer(asked)

    def refuse(self, kind: str, detail: str = "") -> Refusal:
        texts = {
            "invalid_key": (401, "Invalid API Key", "authentication_error"),
            "overloaded": (503, "Loading model", "unavailable_error"),
            "not_found": (404, "File Not Found", "not_found_error"),
        }
        status, message, type_ = texts.get(kind, (400, f"{kind}: {detail}", "invalid_request_error"))
        return Refusal(as_json({"error": {"code": status, "message": message, "type": type_}}, status))
