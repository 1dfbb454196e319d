"""LiteLLM's config.yaml: its `model_list` as setup's providers, servers and keys. What has no counterpart in setup is
told, section by section. Source: LiteLLM's documentation of the file. Not for: its other settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.providers import providers
from gateway.providers._base import CHAT, Provider
from quickstart import messages
from quickstart.errors import UsageError
from quickstart.imports.imported import Imported, Note
from quickstart.naming import BUILTIN
from quickstart.planning import needs_endpoint
from quickstart.sources import own_variable

text_of = messages.text
HOSTED = {
    "openai": "openai", "azure": "azure", "anthropic": "anthropic", "cohere": "cohere", "cohere_chat": "cohere",
    "mistral": "mistral", "gemini": "gemini", "groq": "groq", "deepseek": "deepseek", "openrouter": "openrouter",
    "together_ai": "together", "xai": "xai", "cerebras": "cerebras", "dashscope": "dashscope",
    "huggingface": "huggingface",
}  # fmt: skip
"""LiteLLM's word in front of a model -> ours."""
LOCAL = {"ollama": "11434", "ollama_chat": "11434", "hosted_vllm": "8000", "vllm": "8000", "lm_studio": "1234"}
"""Words for servers that people run themselves -> the usual port."""
BARE = (("gpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("claude-", "anthropic"), ("command-", "cohere"))
"""Models that LiteLLM knows without a word in front."""
_READ = frozenset(("model", "api_key", "api_base", "base_url", "api_version"))
_REFERENCE = "os.environ/"
_MODES = frozenset(("chat", "completion", "responses"))


class _Entry(NamedTuple):
    """One entry of model_list."""

    alias: str
    word: str  # LiteLLM's word for the provider, "" for none
    model: str
    base: str
    key: str  # the value, "" when none is said or known
    variable: str  # os.environ/NAME, "" when it stands in the file


@dataclass
class _Reading:
    environment: Mapping[str, str]
    flags: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict, repr=False)
    notes: list[Note] = field(default_factory=list)
    names: set[str] = field(default_factory=lambda: {BUILTIN})
    providers: dict[str, str] = field(default_factory=dict)  # ours -> the model it has
    ignored: dict[str, list[str]] = field(default_factory=dict)  # parameter -> models

    def tell(self, key: str, hint: str = "", **values: Any) -> None:
        self.notes.append(Note(text_of(key, **values), text_of(hint, **values) if hint else ""))

    def say(self, flag: str, text: str) -> None:
        self.flags.setdefault(flag, []).append(text)


def read(document: Mapping[str, Any], environment: Mapping[str, str]) -> Imported:
    """Raises UsageError for a model_list that is none."""
    entries = document.get("model_list")
    if not isinstance(entries, list):
        raise UsageError(text_of("imports.model_list"), text_of("imports.known"))
    own = document.get("environment_variables")
    known = {**{str(n): str(v) for n, v in own.items()}, **environment} if isinstance(own, Mapping) else environment
    reading = _Reading(known)
    for number, entry in enumerate(entries, 1):
        _take(reading, entry, number)
    for name, models in reading.ignored.items():
        reading.tell("imports.parameter", name=name, models=", ".join(dict.fromkeys(models)))
    _sections(reading, document)
    flags = {name: tuple(texts) for name, texts in reading.flags.items()}
    return Imported("litellm", flags, reading.found, notes=tuple(reading.notes))


def _sections(reading: _Reading, document: Mapping[str, Any]) -> None:
    general = document.get("general_settings")
    if isinstance(general, Mapping) and general.get("master_key"):
        reading.tell("imports.master_key", "imports.master_key_hint")
    others = [name for name in document if name not in ("model_list", "environment_variables") and document[name]]
    if others:
        reading.tell("imports.sections", names=", ".join(map(str, others)))


def _take(reading: _Reading, entry: Any, number: int) -> None:
    parameters = entry.get("litellm_params") if isinstance(entry, Mapping) else None
    if not isinstance(parameters, Mapping) or not isinstance(parameters.get("model"), str):
        reading.tell("imports.entry", number=number)
        return
    one = _entry(reading, entry, parameters)
    mode = (
        (entry.get("model_info") or {}).get("mode", "chat") if isinstance(entry.get("model_info"), Mapping) else "chat"
    )
    if mode not in _MODES:
        reading.tell("imports.mode", model=one.alias, mode=mode)
        return
    if "*" in one.model or "*" in one.alias:
        reading.tell("imports.wildcard", model=one.alias)
        return
    for name in parameters:
        if name not in _READ:
            reading.ignored.setdefault(str(name), []).append(one.alias)
    if one.word in LOCAL:
        _local(reading, one)
    elif one.word in HOSTED and not (one.base and one.word == "openai"):
        _hosted(reading, one, providers()[HOSTED[one.word]])
    elif one.base and one.word in ("openai", "custom_openai", "openai_like", ""):
        _compatible(reading, one, one.base)
    else:
        reading.tell("imports.no_provider", model=one.alias, provider=one.word or one.model)


def _entry(reading: _Reading, entry: Mapping[str, Any], parameters: Mapping[str, Any]) -> _Entry:
    whole = str(parameters["model"]).strip()
    word, slash, model = whole.partition("/")
    if not slash or word not in {*HOSTED, *LOCAL, "custom_openai", "openai_like"}:
        word, model = (
            next((w for start, w in BARE if whole.startswith(start)), word if slash else ""),
            (model if slash and word not in HOSTED else whole),
        )
    base = _value(reading, parameters.get("api_base") or parameters.get("base_url"))[0]
    key, variable = _value(reading, parameters.get("api_key"))
    return _Entry(str(entry.get("model_name") or whole), word, model, base.rstrip("/"), key, variable)


def _value(reading: _Reading, said: Any) -> tuple[str, str]:
    """A parameter and the variable that it was read from; "" where nothing is known."""
    if not isinstance(said, str):
        return "", ""
    if said.startswith(_REFERENCE):
        variable = said.removeprefix(_REFERENCE).strip()
        return reading.environment.get(variable, ""), variable
    return said.strip(), ""


def _hosted(reading: _Reading, one: _Entry, provider: Provider) -> None:
    if provider.name in reading.providers:
        _second(reading, one, provider)
        return
    if not _key(reading, one, provider.environment[0], provider.environment):
        return
    if needs_endpoint(provider):
        if not one.base:
            reading.tell("imports.no_base", model=one.alias)
            return
        reading.say("endpoint", f"{provider.name}={one.base}")
        reading.say("deployment", f"{provider.name}={one.model}")
    elif one.base:
        reading.say("endpoint", f"{provider.name}={one.base}")
    reading.say("model", f"{provider.name}={one.model}")
    reading.providers[provider.name] = one.model
    if one.alias not in (one.model, provider.name):
        reading.tell("imports.alias", alias=one.alias, model=one.model, name=provider.name)


def _second(reading: _Reading, one: _Entry, provider: Provider) -> None:
    """Setup has one model per provider; a further one is a service that speaks OpenAI's dialect, where it does."""
    path = provider.paths.get(CHAT, "")
    if not provider.origin or not path.endswith("/chat/completions") or provider.dialect != "openai":
        reading.tell("imports.second", "imports.second_hint", model=one.alias, title=provider.title)
        return
    if not one.key:
        own = next((reading.environment[v] for v in provider.environment if reading.environment.get(v)), "")
        one = one._replace(key=own)
    _compatible(reading, one, provider.origin + path.removesuffix("/chat/completions"))


def _compatible(reading: _Reading, one: _Entry, base: str) -> None:
    name = _name(reading, one.alias)
    if one.variable and not one.key:
        reading.tell("imports.no_key", model=one.alias, variable=one.variable)
        return
    if one.key:
        reading.found[own_variable(name)] = one.key
    reading.say("compatible", f"{name}={base}#{one.model}")
    if name != one.alias:
        reading.tell("imports.alias", alias=one.alias, model=one.model, name=name)


def _local(reading: _Reading, one: _Entry) -> None:
    name = _name(reading, one.alias)
    base = one.base or f"http://localhost:{LOCAL[one.word]}"
    reading.say("local", f"{name}={base}#{one.model}")
    if one.key:
        reading.tell("imports.local_key", model=one.alias, name=name)
    if name != one.alias:
        reading.tell("imports.alias", alias=one.alias, model=one.model, name=name)


def _key(reading: _Reading, one: _Entry, variable: str, usual: tuple[str, ...]) -> bool:
    """Whether there is a key for a provider: in the file, or under the name that it, or the provider, uses."""
    key = one.key or next((reading.environment[name] for name in usual if reading.environment.get(name)), "")
    if not key:
        reading.tell("imports.no_key", model=one.alias, variable=one.variable or variable)
        return False
    reading.found[variable] = key
    return True


def _name(reading: _Reading, alias: str) -> str:
    """A public name out of a model's: letters, digits and dashes, each once, none of a provider."""
    base = re.sub(r"[^a-z0-9]+", "-", alias.lower()).strip("-")[:36].strip("-") or "model"
    taken = reading.names | set(providers())
    name = next(n for n in (base, *(f"{base}-{number}" for number in range(2, 1000))) if n not in taken)
    reading.names.add(name)
    return name
