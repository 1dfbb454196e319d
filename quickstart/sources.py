"""Where answers come from: flags > environment > saved answers > prompts > defaults, and who said what.

An empty environment variable says nothing. Not for: what the questions are (answers.py), asking (wizard.py), reading
the saved files (they are handed in).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.providers._base import Provider
from quickstart import keys
from quickstart.answers import INPUTS, PREFIX, Answers, Hosted, Local, questions
from quickstart.documents import parse
from quickstart.errors import UsageError

SAVED = "saved"
DEFAULT = ""
PUBLIC_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Given(NamedTuple):
    """A value and who said it: "--proxy-port", "$OPENAI_API_KEY", "saved", or "" for a default."""

    value: Any
    origin: str

    @property
    def fixed(self) -> bool:
        """Said on the command line or in the environment, so there is nothing left to ask."""
        return self.origin not in (SAVED, DEFAULT)


@dataclass(frozen=True, slots=True)
class Sources:
    flags: Mapping[str, Any]  # name of a question -> value, None or absent = not given
    environment: Mapping[str, str]
    saved: Answers | None = None
    saved_secrets: Mapping[str, str] = field(repr=False, default_factory=dict)  # secret name -> header value

    def value(self, name: str) -> Given:
        """One answer. Raises UsageError that names the flag or variable."""
        question = questions()[name]
        flag = self.flags.get(name)
        if flag is not None:
            return Given(parse(name, flag, question.flag.split("/")[0]), question.flag.split("/")[0])
        for variable in (question.environment(name), *question.variables):
            if said := self.environment.get(variable, "").strip():
                return Given(parse(name, said, f"${variable}"), f"${variable}")
        if self.saved is not None and question.saved:
            return Given(getattr(self.saved, name), SAVED)
        return Given(getattr(Answers(), name), DEFAULT)

    def pairs(self, name: str) -> dict[str, Given]:
        """NAME=VALUE answers by name, a flag's over the environment's. Raises UsageError."""
        question = INPUTS[name]
        found: dict[str, Given] = {}
        variable = question.environment(name)
        texts = [(text, f"${variable}") for text in self.environment.get(variable, "").replace(",", " ").split()]
        texts += [(text, question.flag) for text in self.flags.get(name) or ()]
        said: set[tuple[str, str]] = set()
        for text, origin in texts:
            key, equals, value = text.partition("=")
            key, value = key.strip().lower(), value.strip()
            if not equals or not key or not value:
                # of a secret input the text may be a key typed in the wrong place: it is not repeated
                shown = "what was given" if question.secret else repr(text)
                raise UsageError(f"{origin}: {shown} is not {question.metavar}.", f"Example: {origin} {_example(name)}")
            if (key, origin) in said:
                raise UsageError(f"{origin} names {key!r} twice.")
            said.add((key, origin))
            found[key] = Given(value, origin)
        return found

    def listed(self, name: str) -> tuple[str, ...]:
        """Plain names, from flags and environment together."""
        variable = INPUTS[name].environment(name)
        words = self.environment.get(variable, "").replace(",", " ").split()
        return tuple(dict.fromkeys(word.lower() for word in [*words, *(self.flags.get(name) or ())]))

    def key(self, provider: Provider, secret: str) -> Given | None:
        """The clean key of a provider and who said it; None when nobody did. Raises UsageError, never with the key."""
        return self.named_key(provider.name, provider.environment, secret, provider)

    def named_key(
        self, name: str, variables: Sequence[str], secret: str, provider: Provider | None = None
    ) -> Given | None:
        """As key(), for anything that has a name: `variables` are asked in their order."""
        if file := self.pairs("key_file").get(name):
            return Given(keys.from_file(file.value, f"{file.origin} {name}"), f"{file.origin} {name}")
        for variable in variables:
            if text := self.environment.get(variable, ""):
                try:
                    value = keys.clean(text).value
                except UsageError as error:
                    raise UsageError(f"${variable}: {error.message}", error.hint) from None
                if value:
                    return Given(value, f"${variable}")
        if stored := self.saved_secrets.get(secret):
            return Given(keys.key_of(provider, stored) if provider else stored.removeprefix("Bearer "), SAVED)
        return None

    def saved_hosted(self, provider: str, public: str = "") -> Hosted | None:
        """The saved entry of a provider (of a name, where one provider may be there often)."""
        for item in self.saved.hosted if self.saved else ():
            if item.provider == provider and public in ("", item.public):
                return item
        return None

    def saved_local(self) -> tuple[Local, ...]:
        return self.saved.local if self.saved else ()

    def unknown_names(self, known: Sequence[str]) -> None:
        """Raises UsageError when an input names a provider that nobody knows: a typo must not pass in silence."""
        own = [*self.pairs("local"), *self.pairs("compatible"), *(item.public for item in self.saved_local())]
        own += [item.public for item in (self.saved.hosted if self.saved else ())]
        for name in ("model", "key_file", "endpoint", "deployment"):
            for key, given in self.pairs(name).items():
                if key not in known and key not in own:
                    raise UsageError(f"{given.origin}: {key!r} is not a provider.", f"Known: {', '.join(known)}")
        for word in self.listed("skip"):
            if word not in known and word not in own:
                raise UsageError(f"--skip: {word!r} is not a provider.", f"Known: {', '.join(known)}")


def public_name(text: str, origin: str) -> str:
    """A word for a path: lower-case letters, digits and dashes. Raises UsageError."""
    name = text.strip().lower()
    if not PUBLIC_NAME.fullmatch(name):
        raise UsageError(f"{origin}: {text!r} cannot be a name.", "Use lower-case letters, digits and dashes.")
    return name


def url_and_model(text: str) -> tuple[str, str]:
    """`URL#MODEL` in its parts; model ids may hold nearly anything, URLs of servers no `#`."""
    url, _, model = text.partition("#")
    return url.strip(), model.strip()


def own_variable(name: str) -> str:
    """The variable of a key where no provider's facts name one: `my-host` -> MY_HOST_API_KEY."""
    return name.upper().replace("-", "_") + "_API_KEY"


def _example(name: str) -> str:
    return {
        "model": "openai=gpt-...", "key_file": "openai=~/openai.key", "endpoint": "azure=https://NAME.openai.azure.com",
        "deployment": "azure=my-deployment", "local": "mistral=http://localhost:7999",
        "compatible": "myhost=https://llm.example.com/v1#model-name",
    }.get(name, f"{PREFIX}...")  # fmt: skip
