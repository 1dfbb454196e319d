"""AWS Bedrock: the Converse API, signed (SigV4) or with a bearer token. Source: the service model of Amazon's SDK and
the Bedrock user guide, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.codec import encode
from gateway.providers._base import CHAT, COMPLETIONS, PRESERVE, Call, Json, ProviderError, Stream
from gateway.providers._bedrock_turns import tool_config, turns, used_tools
from gateway.providers._compatible import model_entries, provider_url
from gateway.providers._diagnosis import Tell
from gateway.providers._eventstream import EventStreamParser
from gateway.providers._sigv4 import Credentials, sign
from gateway.providers._translated import SYSTEM_ROLES, Told, Translated, Translation, Wanted, finish

_REASONS = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
    "tool_use": "tool_calls", "guardrail_intervened": "content_filter", "content_filtered": "content_filter",
}  # fmt: skip


class Bedrock(Translated):
    name = "bedrock"
    title = "AWS Bedrock"
    telemetry_name = "aws.bedrock"
    paths = {CHAT: "/model/{model}/converse", COMPLETIONS: "/model/{model}/converse"}
    environment = ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID")
    key_url = "https://console.aws.amazon.com/bedrock/home#/api-keys"
    billing_url = "https://console.aws.amazon.com/billing/home"
    key_prefixes = ("ABSK", "bedrock-api-key-")
    catalogue = (
        "us.amazon.nova-micro-v1:0", "us.anthropic.claude-haiku-5-5", "us.openai.gpt-6-luna",
        "us.amazon.nova-2-lite-v1:0",
    )  # fmt: skip
    retired = (
        "anthropic.claude-v2",
        "anthropic.claude-v2:1",
        "anthropic.claude-instant-v1",
        "amazon.titan-text-express-v1",
    )
    strips_cookies = True
    accept_encoding = b"gzip, identity"
    tells = (
        Tell("security token included in the request is invalid", "invalid_key"),
        Tell("signature we calculated does not match", "invalid_key"),
        Tell("security token included in the request is expired", "invalid_key"),
        Tell("unrecognizedclient", "invalid_key"),
        Tell("model identifier is invalid", "model_not_found", (400,)),
        Tell("on-demand throughput", "model_not_found", (400,)),
        Tell("throttling", "rate_limited", (429,)),
    )

    def url(self, call: Call) -> str:
        options = call.options
        if string(options.get("upstream_url")):
            url = provider_url(self, call)
        else:
            region = string(mapping(options.get("bedrock")).get("aws_region"))
            if not region:
                raise ProviderError("Bedrock needs a region: set model.options.bedrock.aws_region or AWS_REGION")
            path = string(options.get("upstream_path")) or self.paths[CHAT].format(model=quote(call.model, safe=""))
            url = f"https://bedrock-runtime.{region}.amazonaws.com{'' if call.route_type == PRESERVE else path}"
        base, mark, query = url.partition("?")
        return f"{base}-stream{mark}{query}" if call.stream and base.endswith("/converse") else url

    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        request: dict[str, Json] = {"messages": turns(messages)}
        system = [chat.text_of(message.get("content")) for message in messages if message.get("role") in SYSTEM_ROLES]
        if any(system):
            request["system"] = [{"text": text} for text in system if text]
        config = {"maxTokens": wanted.limit, "temperature": wanted["temperature"], "topP": wanted["top_p"]}
        config["stopSequences"] = wanted.stop or None
        if config := {name: value for name, value in config.items() if value is not None}:
            request["inferenceConfig"] = config
        extra = mapping(wanted["bedrock"])
        if tools := mapping(extra.get("toolConfig")) or tool_config(wanted, used_tools(messages)):
            request["toolConfig"] = tools
        fields = dict(mapping(extra.get("additionalModelRequestFields")))
        if wanted["top_k"] is not None and "anthropic." in call.model:
            fields.setdefault("top_k", wanted["top_k"])
        if fields:
            request["additionalModelRequestFields"] = fields
        if mapping(wanted["guardrailConfig"]):
            request["guardrailConfig"] = wanted["guardrailConfig"]
        if wanted.json_schema:
            structure = {"jsonSchema": {"schema": encode(wanted.json_schema).decode(), "name": "answer"}}
            request["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
        return request

    def told(self, body: Json, call: Call) -> Told:
        body = mapping(body)
        message = mapping(body.get("output")).get("message")
        if not isinstance(message, dict):
            raise ProviderError("no generation candidates received from Bedrock, or max_tokens too short", 500)
        texts: list[str] = []
        thoughts: list[str] = []
        tools: list[dict[str, Json]] = []
        for block in map(mapping, items(message.get("content"))):
            texts.append(string(block.get("text")))
            thoughts.append(string(mapping(mapping(block.get("reasoningContent")).get("reasoningText")).get("text")))
            if use := mapping(block.get("toolUse")):
                tools.append(chat.tool_call(string(use.get("toolUseId")), string(use.get("name")), use.get("input")))
        reason = finish(_REASONS, body.get("stopReason"), bool(tools))
        return Told(chat.message_of("".join(texts), "".join(thoughts), tools), reason, self.usage(body))

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        return _ConverseStream(call, created, identity, include_usage)

    def usage(self, body: Json) -> Usage | None:
        """inputTokens is beside what came from the cache and what went into it."""
        given = mapping(mapping(body).get("usage"))
        if "inputTokens" not in given:
            return None
        cached = chat.count(given.get("cacheReadInputTokens"))
        written = chat.count(given.get("cacheWriteInputTokens"))
        prompt = chat.count(given.get("inputTokens")) + cached + written
        return Usage.of(prompt, given.get("outputTokens"), cached=cached, cache_write=written)

    def authorize(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, auth: Mapping[str, str], now: float
    ) -> tuple[tuple[str, str], ...] | None:
        """A signature when `auth` has aws_access_key_id and aws_secret_access_key. The region is auth's aws_region, or
        the URL's."""
        access, secret = string(auth.get("aws_access_key_id")), string(auth.get("aws_secret_access_key"))
        if not access or not secret:
            return None
        region = string(auth.get("aws_region")) or _region(url)
        credentials = Credentials(access, secret, string(auth.get("aws_session_token")))
        return sign(method, url, body, credentials, region, "bedrock", now)

    def models(self, body: Json) -> list[str]:
        return [
            string(entry.get("modelId"))
            for entry in model_entries(body, "modelSummaries")
            if string(entry.get("modelId"))
            and "TEXT" in (items(entry.get("outputModalities")) or ["TEXT"])
            and mapping(entry.get("modelLifecycle")).get("status") != "LEGACY"
        ]


def _region(url: str) -> str:
    labels = (urlsplit(url).hostname or "").split(".")
    return labels[1] if len(labels) > 3 and labels[0].startswith("bedrock") else "us-east-1"


class _ConverseStream(Translation):
    """Events by their frames' names; usage comes after the message's end."""

    def __init__(self, call: Call, created: int, identity: str, include_usage: bool) -> None:
        super().__init__(call, created, identity, include_usage)
        self._tools: dict[int, int] = {}  # index of a block -> position among the tool calls
        self._empty: set[int] = set()

    def parser(self) -> EventStreamParser:
        return EventStreamParser()

    def event(self, value: dict[str, Json], name: str) -> bytes:
        index = chat.count(value.get("contentBlockIndex"))
        if name.startswith("exception:"):
            return self.fail(string(value.get("message")), name.removeprefix("exception:"))
        if name == "contentBlockDelta":
            return self._delta(index, mapping(value.get("delta")))
        if name == "contentBlockStart" and (use := mapping(mapping(value.get("start")).get("toolUse"))):
            if index not in self._tools:
                self._tools[index] = len(self._tools)
                self._empty.add(index)
                return self.chunks.tool(self._tools[index], string(use.get("toolUseId")), string(use.get("name")))
        elif name == "contentBlockStop" and index in self._empty:
            self._empty.discard(index)
            return self.chunks.arguments(self._tools[index], "{}")
        elif name == "messageStop":
            self.reason = finish(_REASONS, value.get("stopReason"), bool(self._tools))
        elif name == "metadata":
            self._usage = Bedrock().usage(value) or self._usage
        return b""

    def _delta(self, index: int, delta: dict[str, Json]) -> bytes:
        out = self.chunks.reasoning(string(mapping(delta.get("reasoningContent")).get("text")))
        out += self.chunks.text(string(delta.get("text")))
        text = string(mapping(delta.get("toolUse")).get("input"))
        if text and index in self._tools:
            self._empty.discard(index)
            out += self.chunks.arguments(self._tools[index], text)
        return out
