"""The screens about hosted providers: a key each, checked at once, and a model. Not for: what a key looks like
(keys.py), what a provider is (gateway.providers), the order of the screens (wizard.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.providers import providers
from gateway.providers._base import Provider
from quickstart import endpoints, keys, messages, model_choice, offers
from quickstart.answers import COMPATIBLE, Answers, Hosted
from quickstart.console import Console
from quickstart.errors import UsageError
from quickstart.eyes import Eyes
from quickstart.keycheck import KeyCheck
from quickstart.naming import taken_names
from quickstart.planning import needs_endpoint
from quickstart.prompter import Choice, Prompter
from quickstart.sources import SAVED, Given, Sources, own_variable, public_name
from quickstart.unattended import endpoint_variable

text = messages.text


@dataclass(frozen=True, slots=True)
class Desk:
    """What every screen needs at hand."""

    sources: Sources
    prompter: Prompter
    console: Console
    eyes: Eyes


def ask_hosted(desk: Desk, before: Answers) -> Answers:
    """Asks about all hosted providers; `before` (saved, or from an earlier pass) holds the defaults. Returns `before`
    with its hosted providers and their keys replaced."""
    desk.console.heading(text("hosted.heading"), text("hosted.explain"))
    result: list[Hosted] = []
    own_secrets = {item.secret for item in before.hosted}
    secrets = {name: value for name, value in before.secrets.items() if name not in own_secrets}
    skipped = set(desk.sources.listed("skip"))

    def take(provider: Provider) -> None:
        answer = _provider(desk, provider, _entry(before, provider.name), before)
        if answer is not None:
            item, value = answer
            result.append(item)
            secrets[item.secret] = value

    for provider in offers.first():
        if provider.name not in skipped:
            take(provider)
    chosen = desk.prompter.checkbox(text("hosted.more"), _further(desk, before, skipped))
    for provider in offers.further():
        if provider.name in chosen:
            take(provider)
    for item in before.hosted:
        if item.provider == COMPATIBLE and f"{COMPATIBLE}:{item.public}" in chosen:
            _compatible(desk, before, result, secrets, item)
    if COMPATIBLE in chosen:
        _compatible(desk, before, result, secrets, None)
        while desk.prompter.confirm(text("compatible.again"), False):
            _compatible(desk, before, result, secrets, None)
    return replace(before, hosted=tuple(result), secrets=secrets)


def _entry(before: Answers, provider: str) -> Hosted | None:
    return next((item for item in before.hosted if item.provider == provider), None)


def _further(desk: Desk, before: Answers, skipped: set[str]) -> list[Choice]:
    choices = []
    for provider in offers.further():
        if provider.name in skipped:
            continue
        item = _entry(before, provider.name)
        given = desk.sources.key(provider, (item or Hosted(provider.name, "")).secret)
        found = text("hosted.key_found", origin=given.origin) if given is not None and given.fixed else ""
        note = text("hosted.key_saved") if item else found
        choices.append(Choice(provider.name, provider.title, note, bool(note)))
    for item in before.hosted:
        if item.provider == COMPATIBLE:
            choices.append(Choice(f"{COMPATIBLE}:{item.public}", item.public, item.endpoint, True))
    choices.append(Choice(COMPATIBLE, text("hosted.compatible")))
    return choices


def _provider(desk: Desk, provider: Provider, item: Hosted | None, before: Answers) -> tuple[Hosted, str] | None:
    """One provider: key, endpoint where it needs one, check, model. None: skipped."""
    draft = item or Hosted(provider.name, "")
    kept = before.secrets.get(draft.secret, "") if item else ""
    while True:
        value = _key(desk, provider, draft, kept)
        if not value:
            return None
        if needs_endpoint(provider):
            draft = _azure(desk, provider, draft)
        said = desk.sources.pairs("endpoint").get(provider.name)
        if said and not needs_endpoint(provider):
            draft = replace(draft, endpoint=endpoints.hosted(said.value, f"{said.origin} {provider.name}"))
        outcome = _checked(desk, provider, value, draft.endpoint)
        if outcome.verdict == "bad" or (outcome.verdict == "unknown" and outcome.kind != "unknown"):
            again = [
                Choice("again", text("hosted.again")),
                Choice("skip", text("hosted.skip", title=provider.title)),
                Choice("keep", text("hosted.keep")),
            ]
            usual = "again" if outcome.verdict == "bad" else "keep"  # a key that nobody could ask about may be right
            decided = desk.prompter.select(text("hosted.after"), again, usual)
            if decided == "again":
                continue
            if decided == "skip":
                return None
            desk.console.item(text("check.kept", title=provider.title))
        return _with_model(desk, provider, draft, outcome.models), value


def _key(desk: Desk, provider: Provider, draft: Hosted, kept: str) -> str:
    """The complete header value, "" for skipped."""
    given = desk.sources.key(provider, draft.secret)
    if given is not None and given.fixed and not (kept and kept == keys.header_value(provider, given.value)):
        offered = keys.header_value(provider, given.value)
        question = text("hosted.key_env", title=provider.title, origin=given.origin, mask=keys.mask(given.value))
    elif kept:
        offered = kept
        question = text("hosted.key_kept", title=provider.title, mask=keys.mask(keys.key_of(provider, kept)))
    else:
        offered = ""
        question = text("hosted.key", title=provider.title)
    typed = typed_key(desk, question, provider.title, lambda key: _is_meant(desk, provider, key))
    if typed is None:
        return ""
    return keys.header_value(provider, typed) if typed else offered


def typed_key(desk: Desk, question: str, title: str, accept: Callable[[str], bool] = lambda key: True) -> str | None:
    """A clean key, "" when only enter was pressed, None for "-"."""
    while True:
        raw = desk.prompter.secret(question)
        if raw.strip() == "-":
            return None
        try:
            key = keys.clean(raw)
        except UsageError as error:
            desk.console.bad(error.message, error.hint)
            continue
        if not key.value:
            return ""
        desk.console.item(text("hosted.received", title=title, received=keys.received(key.value)))
        if key.removed:
            desk.console.item(text("hosted.cleaned", removed=", ".join(key.removed)))
        if accept(key.value):
            return key.value


def _is_meant(desk: Desk, provider: Provider, key: str) -> bool:
    other = keys.whose(key, provider)
    if other is None:
        return True
    desk.console.warn(text("hosted.other", other=other.title, title=provider.title), other.key_url)
    return desk.prompter.confirm(text("hosted.other_ask", title=provider.title), False)


def _azure(desk: Desk, provider: Provider, draft: Hosted) -> Hosted:
    said = desk.sources.pairs("endpoint").get(provider.name)
    if said is None and (variable := endpoint_variable(provider, desk.sources)):
        said = Given(desk.sources.environment[variable], f"${variable}")
    proposal = said.value if said else draft.endpoint
    typed = desk.prompter.text(text("hosted.endpoint", title=provider.title), proposal, url_problem)
    named = desk.sources.pairs("deployment").get(provider.name)
    deployment = (
        named.value
        if named
        else desk.prompter.text(text("hosted.deployment", title=provider.title), draft.deployment, model_problem)
    )
    return replace(draft, endpoint=endpoints.hosted(typed), deployment=deployment, model=deployment)


def _checked(desk: Desk, provider: Provider, value: str, endpoint: str) -> KeyCheck:
    if not desk.sources.value("check_keys").value:
        return KeyCheck("ok", "ok", "")
    with desk.console.waiting(text("hosted.checking", title=provider.title)):
        outcome = desk.eyes.check(provider, value, endpoint)
    if outcome.verdict == "ok":
        desk.console.ok(outcome.message)
    elif outcome.verdict == "bad":
        desk.console.bad(outcome.message, outcome.hint)
    else:
        desk.console.warn(outcome.message, outcome.hint)
    return outcome


def _with_model(desk: Desk, provider: Provider, draft: Hosted, live: tuple[str, ...]) -> Hosted:
    said = desk.sources.pairs("model").get(provider.name)
    if said:
        model = model_choice.checked(said.value, f"{said.origin} {provider.name}")
        if live and model not in live:
            desk.console.warn(text("hosted.not_listed", model=model, title=provider.title))
        return replace(draft, model=model)
    if draft.deployment:
        return replace(draft, model=draft.deployment)
    proposal = draft.model or model_choice.propose(provider, live)
    if live and draft.model and draft.model not in live:
        desk.console.warn(text("hosted.not_listed", model=draft.model, title=provider.title))
    elif not live and not draft.model and proposal:
        desk.console.item(text("hosted.catalogue", date=provider.verified_on))
    ranked = model_choice.ranked(provider, live)
    model = desk.prompter.text(text("hosted.model", title=provider.title), proposal, model_problem, ranked)
    if live and model not in live and model != draft.model:
        desk.console.warn(text("hosted.not_listed", model=model, title=provider.title))
    return replace(draft, model=model)


def _compatible(
    desk: Desk, before: Answers, result: list[Hosted], secrets: dict[str, str], item: Hosted | None
) -> None:
    """Another service by its URL: added to `result`, its key to `secrets`."""
    typed = desk.prompter.text(text("compatible.url"), item.endpoint if item else "", url_problem)
    endpoint = endpoints.hosted(typed)
    address = endpoints.parse(endpoint)
    if item is None:
        taken = taken_names(before) | {entry.public for entry in result} | set(providers())

        def name_problem(name: str) -> str:
            try:
                public = public_name(name, text("compatible.name"))
            except UsageError as error:
                return f"{error.message} {error.hint}"
            return f"The name {public} is taken." if public in taken or public.startswith("local-") else ""

        proposal = _host_word(address.host)
        public = desk.prompter.text(text("compatible.name"), proposal if proposal not in taken else "", name_problem)
    else:
        public = item.public
    draft = Hosted(COMPATIBLE, item.model if item else "", public.lower(), endpoint)
    kept = before.secrets.get(draft.secret, "")
    given = desk.sources.named_key(draft.public, (own_variable(draft.public),), draft.secret)
    if given is not None and given.origin != SAVED:
        offered = f"Bearer {given.value}"
        question = text("hosted.key_env", title=draft.public, origin=given.origin, mask=keys.mask(given.value))
    elif kept:
        offered, question = kept, text("hosted.key_kept", title=draft.public, mask=keys.mask_header(kept))
    else:
        offered, question = "", text("compatible.key", title=draft.public)
    key = typed_key(desk, question, draft.public)
    value = "" if key is None else f"Bearer {key}" if key else offered
    said = desk.sources.pairs("model").get(draft.public)
    found = desk.eyes.probe(endpoints.root(address)) if not value else None
    models = found.models if found else ()
    proposal = said.value if said else draft.model or next(iter(models), "")
    model = desk.prompter.text(text("hosted.model", title=draft.public), proposal, model_problem, models)
    result.append(replace(draft, model=model))
    if value:
        secrets[draft.secret] = value


def _host_word(host: str) -> str:
    """A name out of a host's: `llm.example.com` -> `example`."""
    parts = host.split(".")
    word = parts[-2] if len(parts) > 1 and not parts[-1].isdigit() else parts[0]
    name = "".join(c for c in word.lower() if c.isascii() and (c.isalnum() or c == "-")).strip("-")
    return name[:40]


def url_problem(typed: str) -> str:
    """For a prompt: what is wrong with a URL, "" when nothing is."""
    try:
        endpoints.parse(typed)
    except UsageError as error:
        return f"{error.message} {error.hint}"
    return ""


def model_problem(typed: str) -> str:
    try:
        model_choice.checked(typed, "The model")
    except UsageError as error:
        return f"{error.message} {error.hint}".strip()
    return ""
