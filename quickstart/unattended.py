"""The answers of `setup --yes`: nothing is asked. Keys from the environment, servers from flags or discovery, and where
there is neither, the built-in model. Not for: prompting (wizard.py), deciding what a plan looks like (planning.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from gateway.providers import providers
from gateway.providers._base import Provider
from quickstart import endpoints, keys, messages, model_choice, naming, server_check
from quickstart.answers import COMPATIBLE, Answers, Hosted, Local, questions
from quickstart.errors import UsageError
from quickstart.eyes import Eyes
from quickstart.keycheck import KeyCheck
from quickstart.konnect import settling
from quickstart.offers import offered
from quickstart.planning import needs_endpoint
from quickstart.sources import SAVED, Given, Sources, own_variable, public_name, url_and_model


class Note(NamedTuple):
    """Something the person should be told, though nothing is asked."""

    message: str
    hint: str = ""


class Unattended(NamedTuple):
    answers: Answers
    notes: list[Note]


def settings(sources: Sources) -> Answers:
    """The plain answers: ports, runtime, places. Raises UsageError."""
    return Answers(**{name: sources.value(name).value for name in questions()})


def answers_without_asking(sources: Sources, eyes: Eyes) -> Unattended:
    """Everything settled, public names included. Raises UsageError for what was said but cannot be meant."""
    notes: list[Note] = []
    base = replace(settings(sources), consent=True)
    sources.unknown_names([*providers(), "konnect"])
    if base.control_plane == "konnect":
        base = settling.settle(sources, base, eyes.konnect)
    skipped = set(sources.listed("skip"))
    secrets: dict[str, str] = dict(base.secrets)
    local = _locals(sources, eyes, base, skipped, secrets, notes)
    hosted = _hosted(sources, eyes, base, skipped, secrets, notes)
    hosted += _compatible(sources, skipped, secrets)
    answers = replace(base, local=tuple(local), hosted=tuple(hosted), secrets=secrets)
    said = sources.value("builtin_model")
    if not (hosted or local) and not (said.fixed and not said.value):
        answers = replace(answers, builtin_model=True)
    return Unattended(naming.named(answers, providers()), notes)


def _hosted(
    sources: Sources, eyes: Eyes, base: Answers, skipped: set[str], secrets: dict[str, str], notes: list[Note]
) -> list[Hosted]:
    wanted: list[tuple[Provider, Given, Hosted]] = []
    for provider in offered():
        saved = sources.saved_hosted(provider.name)
        draft = saved or Hosted(provider.name, "")
        if provider.name in skipped or (saved and saved.public in skipped):
            continue
        key = sources.key(provider, draft.secret)
        if key is None or (key.origin == SAVED and saved is None):
            if saved is not None:
                variable = f"${provider.environment[0]}"
                hint = messages.text("yes.no_key_hint", variable=variable)
                notes.append(Note(messages.text("yes.no_key", title=provider.title), hint))
            continue
        draft = _said(sources, provider, draft)
        if needs_endpoint(provider) and not (draft.endpoint and draft.deployment):
            hint = messages.text("yes.azure_endpoint_hint", name=provider.name)
            notes.append(Note(messages.text("yes.azure_endpoint", title=provider.title), hint))
            continue
        wanted.append((provider, key, draft))
    checks = _check_new_keys(sources, eyes, base, wanted)
    result = []
    for (provider, key, draft), outcome in zip(wanted, checks, strict=True):
        if outcome.verdict in ("bad", "warn", "unknown") and outcome.message:
            said = messages.text("yes.rejected", title=provider.title, message=outcome.message)
            notes.append(Note(said, outcome.hint))
        model = draft.model or draft.deployment or model_choice.propose(provider, outcome.models)
        if not model:
            hint = messages.text("yes.no_model_hint", name=provider.name)
            notes.append(Note(messages.text("yes.no_model", title=provider.title), hint))
            continue
        if outcome.models and model not in outcome.models and not draft.deployment:
            notes.append(Note(messages.text("hosted.not_listed", model=model, title=provider.title)))
        secrets[draft.secret] = keys.header_value(provider, key.value)
        result.append(replace(draft, model=model))
    return result


def _said(sources: Sources, provider: Provider, draft: Hosted) -> Hosted:
    """The draft with what flags and environment say about it."""
    model = sources.pairs("model").get(provider.name)
    endpoint = sources.pairs("endpoint").get(provider.name)
    deployment = sources.pairs("deployment").get(provider.name)
    if endpoint is None and needs_endpoint(provider) and (variable := endpoint_variable(provider, sources)):
        endpoint = Given(sources.environment[variable], f"${variable}")
    if model:
        draft = replace(draft, model=model_choice.checked(model.value, f"{model.origin} {provider.name}"))
    if endpoint:
        draft = replace(draft, endpoint=endpoints.hosted(endpoint.value, f"{endpoint.origin} {provider.name}"))
    if deployment:
        draft = replace(draft, deployment=deployment.value)
        if not model:
            draft = replace(draft, model=deployment.value)
    elif needs_endpoint(provider) and model and not draft.deployment:
        draft = replace(draft, deployment=model.value)
    return draft


def endpoint_variable(provider: Provider, sources: Sources) -> str:
    """The usual variable of an endpoint, set beside that of the key: AZURE_OPENAI_API_KEY -> AZURE_OPENAI_ENDPOINT."""
    for variable in provider.environment:
        candidate = variable.removesuffix("_API_KEY").removesuffix("_KEY") + "_ENDPOINT"
        if sources.environment.get(candidate, "").strip():
            return candidate
    return ""


_UNCHECKED = KeyCheck("ok", "ok", "")


def _check_new_keys(
    sources: Sources, eyes: Eyes, base: Answers, wanted: Sequence[tuple[Provider, Given, Hosted]]
) -> list[KeyCheck]:
    """A key that was accepted before is not asked about again: a run that changes nothing needs no network."""

    def check(entry: tuple[Provider, Given, Hosted]) -> KeyCheck:
        provider, key, draft = entry
        value = keys.header_value(provider, key.value)
        if not base.check_keys or (draft.model and sources.saved_secrets.get(draft.secret) == value):
            return _UNCHECKED
        return eyes.check(provider, value, draft.endpoint)

    if not wanted:
        return []
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        return list(pool.map(check, wanted))


def _compatible(sources: Sources, skipped: set[str], secrets: dict[str, str]) -> list[Hosted]:
    said = sources.pairs("compatible")
    models = sources.pairs("model")
    kept = [item for item in (sources.saved.hosted if sources.saved else ()) if item.provider == COMPATIBLE]
    drafts = {item.public: item for item in kept}
    for name, given in said.items():
        origin = f"{given.origin} {name}"
        url, model = url_and_model(given.value)
        endpoint = endpoints.hosted(url, origin)
        before = drafts.get(name)
        named = models[name].value if name in models else model or (before.model if before else "")
        if not named:
            raise UsageError(f"{origin}: the model is missing.", f"--compatible {name}={url}#MODEL")
        drafts[name] = Hosted(COMPATIBLE, model_choice.checked(named, origin), public_name(name, origin), endpoint)
    result = []
    for name, item in drafts.items():
        if name in skipped:
            continue
        key = sources.named_key(name, (own_variable(name),), item.secret)
        if key:
            secrets[item.secret] = f"Bearer {key.value}"
        result.append(item)
    return result


def _locals(
    sources: Sources, eyes: Eyes, base: Answers, skipped: set[str], secrets: dict[str, str], notes: list[Note]
) -> list[Local]:
    drafts = {item.public: item for item in sources.saved_local()}
    models = sources.pairs("model")
    for name, given in sources.pairs("local").items():
        item = local_from_text(name, given, drafts.get(name), models.get(name), eyes, notes)
        if item is not None:
            drafts[item.public] = item
    if not drafts and sources.saved is None and base.discover and not sources.pairs("local"):
        for server in eyes.discover():
            if not server.models:
                if not server.locked:
                    notes.append(Note(messages.text("yes.no_models", title=server.title, port=server.port)))
                continue
            name = naming.propose(server.kind, server.models[0], drafts)
            drafts[name] = Local(name, server.url, server.models[0], server.kind)
    for name in list(drafts):
        if name in skipped:
            del drafts[name]
            continue
        key = sources.named_key(name, (), drafts[name].secret)
        if key:
            secrets[drafts[name].secret] = f"Bearer {key.value}"
        notes += _unfit(drafts[name], secrets.get(drafts[name].secret, ""), eyes, base.discover)
    return list(drafts.values())


def _unfit(item: Local, key: str, eyes: Eyes, discover: bool) -> list[Note]:
    """What is wrong with a server now; it is set up all the same, because it may be started later."""
    ways = server_check.Ways(
        probe=lambda base, key: eyes.probe(base, key), discover=lambda ours: eyes.discover() if discover else ()
    )
    told = server_check.check(item.url, item.model, item.public, key, ways=ways)
    if told.code == server_check.FINE:
        return []
    return [Note(messages.text("yes.rejected", title=item.public, message=told.message), told.hint)]


def local_from_text(
    name: str, given: Given, before: Local | None, model: Given | None, eyes: Eyes, notes: list[Note]
) -> Local | None:
    """`NAME=URL[#MODEL]`, the model and the kind asked of the server where they were not said."""
    origin = f"{given.origin} {name}"
    url, said = url_and_model(given.value)
    address = endpoints.parse(url, origin)
    public = public_name(name, origin)
    wanted = model.value if model else said or (before.model if before else "")
    kind = before.kind if before else "other"
    probed = eyes.probe(endpoints.root(address))
    if probed is not None:
        kind = probed.kind
        wanted = wanted or next(iter(probed.models), "")
    if not wanted:
        message = messages.text("yes.silent", name=name, url=url)
        raise UsageError(message, messages.text("yes.silent_hint", name=name, url=url))
    typed = f"{address.scheme}://{address.authority}{address.path}"
    return Local(public, typed, model_choice.checked(wanted, origin), kind)
