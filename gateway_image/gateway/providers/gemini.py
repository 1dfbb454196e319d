"""Google Gemini: generateContent of the Developer API and of Vertex AI. Source: Google's API reference and the types of
its SDK, 2026-11.
"""

from __future__ import annotations

from urllib.parse import quote

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.codec import encode
from gateway.providers._base import CHAT, COMPLETIONS, PRESERVE, Call, Json, ProviderError, Stream
from gateway.providers._compatible import model_entries, provider_url
from gateway.providers._diagnosis import Tell
from gateway.providers._gemini_contents import contents, functions, tool_config
from gateway.providers._translated import Told, Translated, Translation, Wanted, system_text

_REASONS = {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"}
_NORMAL_ENDS = (
    "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE", "FINISH_REASON_UNSPECIFIED",
)  # fmt: skip
_PARAMETERS = {
    "temperature": "temperature", "top_p": "topP", "top_k": "topK", "seed": "seed", "n": "candidateCount",
    "presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty",
}  # fmt: skip
_EFFORTS = {"none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"}


class Gemini(Translated):
    name = "gemini"
    title = "Google Gemini"
    telemetry_name = "gcp.gemini"
    origin = "https://generativelanguage.googleapis.com"
    paths = {CHAT: "/v1beta/models/{model}", COMPLETIONS: "/v1beta/models/{model}"}
    auth_header = "x-goog-api-key"
    auth_prefix = ""
    environment = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    key_url = "https://aistudio.google.com/apikey"
    billing_url = "https://aistudio.google.com/usage"
    key_prefixes = ("AIza", "AQ.")
    catalogue = (
        "gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-3.1-flash-lite", "gemini-2.5-flash-lite", "gemini-4-argon",
    )  # fmt: skip
    retired = (
        "gemini-pro", "gemini-1.0-pro", "gemini-1.5-flash", "gemini-1.5-pro", "gemini-2.0-flash",
        "gemini-2.0-flash-lite", "gemini-3.1-flash-lite-preview",
    )  # fmt: skip
    models_path = "/v1beta/models?pageSize=1000"
    strips_cookies = True
    accept_encoding = b"identity"
    tells = (
        Tell("api_key_invalid", "invalid_key", (400, 403)),
        Tell("unregistered callers", "invalid_key", (403,)),
        Tell("exceeds the maximum number of tokens", "context_too_long", (400,)),
        Tell("is not found for api version", "model_not_found", (404,)),
        Tell("not_found", "model_not_found", (404,)),
    )

    def url(self, call: Call) -> str:
        options = call.options
        vertex = mapping(options.get("gemini"))
        if string(options.get("upstream_url")) or string(options.get("upstream_path")) or call.route_type == PRESERVE:
            return _streamed(provider_url(self, call), call)
        model = quote(call.model.removeprefix("models/"), safe="")
        if string(vertex.get("api_endpoint")):
            project, place = string(vertex.get("project_id")), string(vertex.get("location_id"))
            path = f"/v1/projects/{project}/locations/{place}/publishers/google/models/{model}"
            return _streamed(f"https://{vertex['api_endpoint']}{path}:generateContent", call)
        return _streamed(f"{self.origin}{self.paths[CHAT].format(model=model)}:generateContent", call)

    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        config: dict[str, Json] = {own: wanted[name] for name, own in _PARAMETERS.items() if wanted[name] is not None}
        if wanted.limit is not None:
            config["maxOutputTokens"] = wanted.limit
        if wanted.stop:
            config["stopSequences"] = wanted.stop[:5]
        if wanted.json_schema is not None:
            config["responseMimeType"] = "application/json"
            if wanted.json_schema:
                config["responseJsonSchema"] = wanted.json_schema
        if level := _EFFORTS.get(string(wanted["reasoning_effort"])):
            config["thinkingConfig"] = {"thinkingLevel": level, "includeThoughts": level != "minimal"}
        request: dict[str, Json] = {"contents": contents(messages), "generationConfig": config}
        if system := system_text(messages, "\n\n" if call.newest else ""):
            request["systemInstruction"] = {"parts": [{"text": system}]}
        if wanted.functions:
            request["tools"] = [{"functionDeclarations": functions(wanted)}]
            if choice := tool_config(wanted):
                request["toolConfig"] = choice
        return request

    def told(self, body: Json, call: Call) -> Told:
        body = mapping(body)
        candidate = mapping((items(body.get("candidates")) or [None])[0])
        blocked = string(mapping(body.get("promptFeedback")).get("blockReason"))
        if not candidate and not blocked:
            raise ProviderError("no generation candidates received from Gemini, or max_tokens too short", 500)
        texts: list[str] = []
        thoughts: list[str] = []
        tools: list[dict[str, Json]] = []
        for part in map(mapping, items(mapping(candidate.get("content")).get("parts"))):
            if isinstance(part.get("functionCall"), dict):
                tools.append(_tool(part, len(tools)))
            else:
                (thoughts if part.get("thought") is True else texts).append(string(part.get("text")))
        reason = "content_filter" if not candidate else _reason(candidate.get("finishReason"), bool(tools))
        message = chat.message_of("".join(texts), "".join(thoughts), tools)
        identity, model = string(body.get("responseId")), string(body.get("modelVersion"))
        return Told(message, reason, self.usage(body), identity, model)

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        return _ContentStream(call, created, identity, include_usage)

    def usage(self, body: Json) -> Usage | None:
        return _usage(mapping(mapping(body).get("usageMetadata")))

    def models(self, body: Json) -> list[str]:
        names = [
            string(entry.get("name")).removeprefix("models/")
            for entry in model_entries(body, "models")
            if "generateContent" in (items(entry.get("supportedGenerationMethods")) or ["generateContent"])
        ]
        unfit = ("embed", "tts", "image", "aqa", "audio")
        return [name for name in names if name and not any(word in name for word in unfit)]


def _streamed(url: str, call: Call) -> str:
    """The method and query that stream: without alt=sse Gemini sends one JSON array."""
    if not call.stream:
        return url
    base, mark, query = url.partition("?")
    if base.endswith(":generateContent"):
        base = base.removesuffix(":generateContent") + ":streamGenerateContent"
    if base.endswith(":streamGenerateContent") and "alt=" not in query:
        query = f"{query}&alt=sse" if query else "alt=sse"
    return f"{base}?{query}" if query or mark else base


def _reason(word: Json, has_tools: bool) -> str:
    """A tool call ends with STOP; any unknown word is one more kind of filter."""
    if not string(word) or word in _NORMAL_ENDS:
        reason = "stop"
    else:
        reason = _REASONS.get(string(word), "content_filter")
    return "tool_calls" if has_tools and reason == "stop" else reason


def _usage(given: dict[str, Json]) -> Usage | None:
    """Thoughts are counted beside the candidates' tokens, and prompts of tools beside the prompt."""
    if "promptTokenCount" not in given and "totalTokenCount" not in given:
        return None
    thoughts = chat.count(given.get("thoughtsTokenCount"))
    return Usage.of(
        chat.count(given.get("promptTokenCount")) + chat.count(given.get("toolUsePromptTokenCount")),
        chat.count(given.get("candidatesTokenCount")) + thoughts,
        total=given.get("totalTokenCount"),
        cached=given.get("cachedContentTokenCount"),
        reasoning=thoughts,
    )


def _tool(part: dict[str, Json], position: int) -> dict[str, Json]:
    """A function call. Its thought signature must come back with it, so it travels where Google's own OpenAI paths put
    it."""
    given = mapping(part.get("functionCall"))
    call = chat.tool_call(string(given.get("id")) or f"call_{position}", string(given.get("name")), given.get("args"))
    if signature := string(part.get("thoughtSignature")):
        call["extra_content"] = {"google": {"thought_signature": signature}}
    return call


class _ContentStream(Translation):
    """Each event is a whole answer's shape with the next parts; usage is in every one, the last counts."""

    def __init__(self, call: Call, created: int, identity: str, include_usage: bool) -> None:
        super().__init__(call, created, identity, include_usage)
        self._tools = 0

    def event(self, value: dict[str, Json], name: str) -> bytes:
        if error := mapping(value.get("error")):
            return self.fail(string(error.get("message")), string(error.get("status")) or None)
        self.chunks.identity = string(value.get("responseId")) or self.chunks.identity
        self.chunks.model = string(value.get("modelVersion")) or self.chunks.model
        self._usage = _usage(mapping(value.get("usageMetadata"))) or self._usage
        if string(mapping(value.get("promptFeedback")).get("blockReason")):
            self.reason = "content_filter"
        out = b""
        candidate = mapping((items(value.get("candidates")) or [None])[0])
        for part in map(mapping, items(mapping(candidate.get("content")).get("parts"))):
            out += self._part(part)
        if word := string(candidate.get("finishReason")):
            self.reason = _reason(word, self._tools > 0)
        return out

    def _part(self, part: dict[str, Json]) -> bytes:
        text = string(part.get("text"))
        if not isinstance(part.get("functionCall"), dict):
            return self.chunks.reasoning(text) if part.get("thought") is True else self.chunks.text(text)
        tool = _tool(part, self._tools)
        position, self._tools = self._tools, self._tools + 1
        out = self.chunks.tool(position, tool["id"], tool["function"]["name"], tool.get("extra_content"))
        return out + self.chunks.arguments(position, encode(mapping(part["functionCall"].get("args"))).decode())
