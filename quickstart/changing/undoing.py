"""`ai-gateway undo`: back to an earlier generation, with the answers it was made of. Edits made since the last one
stay.

Not for: keeping generations (reconcile/generations.py), asking.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import yaml

from gateway.settings.proxies import PROXY
from quickstart import deployment, launch
from quickstart.answers import Answers
from quickstart.changing.change import Done, Subject, Wanted, Wanting
from quickstart.console import Console
from quickstart.deployment import Deployment
from quickstart.documents import from_document
from quickstart.errors import EnvironmentProblem
from quickstart.launch import LaunchResult
from quickstart.reconcile.generations import Generation, History, before
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.sealing import missing, references
from quickstart.reconcile.situation import Situation
from quickstart.reconcile.three_way import Choose, keep_theirs


def goal(subject: Subject, number: int | None) -> Generation:
    """The generation to go back to: the one named, or the one before. Raises UsageError."""
    history = History(subject.places.history)
    return history.load(number if number is not None else before(history.all()))


def wanting(generation: Generation, overwrite: bool = False, choose: Choose = keep_theirs) -> Wanting:
    def wanted(now: Situation) -> Wanted:
        lost = references(generation.entry.configuration) - now.secrets.keys() - _also_now(now)
        if lost:
            raise missing(sorted(lost))
        wish = Wish(
            "undo",
            overwrite,
            choose,
            now.recorded,
            generation.entry.configuration,
            generation.entry.rendered,
            generation.number,
        )
        back, _ = keys_of(generation, now)
        return Wanted(wish, back, generation.entry.answers, generation.entry.deployment)

    return wanted


def keys_of(generation: Generation, now: Situation) -> tuple[dict[str, str], list[str]]:
    """The keys that come back with a generation, and the names of those that were others then and are not kept: of them
    the present ones stay."""
    return now.earlier.back(generation.entry.keys, now.secrets)


def _also_now(now: Situation) -> set[str]:
    """Names that resolve although the secrets file has none: from the gateway's own environment."""
    if now.last is None:
        return set()
    return references(now.last.entry.configuration) - now.secrets.keys()


def earlier_deployment(subject: Subject, generation: Generation) -> Deployment:
    """What was set up then, on what runs it now."""
    try:
        then = deployment.from_text(generation.entry.deployment)
    except ValueError as error:
        raise EnvironmentProblem(f"Generation {generation.number} cannot be gone back to: {error}.") from None
    # neither what runs it nor the way out of this machine is what somebody wants back
    way = {name: getattr(subject.plan, name) for name in ("forward_proxy", "no_proxy", "ca_file", "ca_sum")}
    return dataclasses.replace(then, image=subject.deployment.image, plan=dataclasses.replace(then.plan, **way))


def needs_launch(subject: Subject, then: Deployment) -> bool:
    """Whether a running gateway has to be started anew, or the built-in model started or ended."""
    now = subject.deployment
    if not subject.runner.status().running:
        return False
    model = (now.plan.local_model, now.plan.local_model_port) != (then.plan.local_model, then.plan.local_model_port)
    moved = now.plan.output_dir != then.plan.output_dir
    return bool(now.must_restart(then)) or model or moved


def live(subject: Subject, generation: Generation, wanted: Wanting) -> Done:
    """Without a restart, or for the next start."""
    then = earlier_deployment(subject, generation)

    def whole(now: Situation) -> Wanted:
        return dataclasses.replace(wanted(now), deployment=deployment.to_text(then))

    return subject.change(whole)


def launched(
    subject: Subject, generation: Generation, wanted: Wanting, console: Console, environ: Mapping[str, str]
) -> LaunchResult:
    """Back to other ports or another way to run."""
    then = earlier_deployment(subject, generation)
    now = subject.look()
    names = {PROXY, *(route.secret for route in then.plan.routes)} - {""}
    kept = now.secrets | keys_of(generation, now)[0]
    plan = dataclasses.replace(then.plan, secrets={name: kept[name] for name in sorted(names) if name in kept})
    answers = answers_of(generation)
    wish = wanted(now).wish
    return launch.apply(plan, answers, console, subject.places, environ, False, subject.runners, wish)


def answers_of(generation: Generation) -> Answers:
    return from_document(yaml.safe_load(generation.entry.answers), f"generation {generation.number}")
