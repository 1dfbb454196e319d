"""Llama 2 as people serve it: behind Ollama, behind an OpenAI-compatible server, or raw, where the prompt is text in
Llama 2's own markup. Sources: Meta's prompt format; the text-generation API of Hugging Face's server.
"""

from __future__ import annotations

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.providers._base import Call, Json, ProviderError, Stream
from gateway.providers._compatible import listed_models
from gateway.providers._ollama import Ollamas
from gateway.providers._translated import SYSTEM_ROLES, Told, Translation, Wanted

_REASONS = {"length": "length", "eos_token": "stop", "stop_sequence": "stop"}


class Llama2(Ollamas):
    name = "llama2"
    title = "Llama 2"
    catalogue = ("llama2",)
    models_path = "/v1/models"
    required_options = {
        "llama2_format": "must set 'model.options.llama2_format' for llama2 provider",
        "upstream_url": "must set 'model.options.upstream_url' for self-hosted providers/models",
    }
    hosted = False
    refused = frozenset({"top_k"})

    def native(self, call: Call) -> bool:
        return call.options.get("llama2_format") != "openai"

    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        return super().chat_request(messages, wanted, call) if _ollama(call) else _raw_request(messages, wanted, call)

    def told(self, body: Json, call: Call) -> Told:
        return super().told(body, call) if _ollama(call) else _raw_told(body, call)

    def native_stream(self, call: Call, created: int, identity: str, include_usage: bool) -> Stream:
        if _ollama(call):
            return super().native_stream(call, created, identity, include_usage)
        return _RawStream(call, created, identity, include_usage)

    def models(self, body: Json) -> list[str]:
        return listed_models(body)


def _ollama(call: Call) -> bool:
    return call.options.get("llama2_format") == "ollama"


def _raw_request(messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
    system = ""
    turns: list[str] = []
    for message in messages:
        text = chat.text_of(message.get("content"))
        if message.get("role") in SYSTEM_ROLES:
            system = f"<<SYS>> {text} <</SYS>> "
        elif message.get("role") == "assistant":
            if turns and call.newest:  # Kong leaves assistants' turns out; with them the model knows what it said
                turns[-1] += f" {text} </s>"
        else:
            turns.append(f"<s>[INST] {system}{text} [/INST]")
            system = ""
    parameters: dict[str, Json] = {"stream": call.stream}
    if wanted.limit is not None:
        parameters["max_new_tokens"] = wanted.limit
    parameters.update({name: wanted[name] for name in ("top_p", "top_k", "temperature") if wanted[name] is not None})
    return {"inputs": " ".join(turns), "parameters": parameters}


def _raw_told(body: Json, call: Call) -> Told:
    if error := string(mapping(body).get("error")):
        raise ProviderError(f"the upstream answered an error: {error[:500]}", 500)
    entries = items(mapping(body).get("data")) or items(body) or [body]
    given = mapping(entries[0]).get("generated_text")
    if not isinstance(given, str):
        raise ProviderError(f"'generated_text' not in llama2://{call.route_type} response", 500)
    details = mapping(mapping(entries[0]).get("details"))
    reason = _REASONS.get(string(details.get("finish_reason")), "stop")
    return Told(chat.message_of(given.rpartition("[/INST]")[2].strip()), reason, _raw_usage(details))


def _raw_usage(details: dict[str, Json]) -> Usage | None:
    if "generated_tokens" not in details:
        return None
    return Usage.of(len(items(details.get("prefill"))), details.get("generated_tokens"))


class _RawStream(Translation):
    """Events with one `token` each; the last one has `generated_text`."""

    def event(self, value: dict[str, Json], name: str) -> bytes:
        if error := value.get("error"):
            return self.fail(string(error) or string(mapping(error).get("message")))
        token = mapping(value.get("token"))
        out = b"" if token.get("special") is True else self.chunks.text(string(token.get("text")))
        if isinstance(value.get("generated_text"), str):
            if not token:  # whole, in one event
                out = self.chunks.text(value["generated_text"].rpartition("[/INST]")[2].strip())
            details = mapping(value.get("details"))
            self.reason = _REASONS.get(string(details.get("finish_reason")), "stop")
            self._usage = _raw_usage(details)
        return out
