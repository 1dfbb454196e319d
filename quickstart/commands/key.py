"""`ai-gateway key PROVIDER`: another key in the place of the one in use. Not for: keys as such (keys.py), storing one
and telling the gateway (changing/rotation.py).
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from quickstart import keycheck, keys, messages, reviewing
from quickstart.changing import rotation
from quickstart.changing.change import Subject
from quickstart.changing.rotation import Owner
from quickstart.commands._invocation import JSON, PLAIN, open_console, route_words, user_places
from quickstart.console import Console
from quickstart.errors import Cancelled, EnvironmentProblem, ProviderUnhealthy, UsageError
from quickstart.prompter import Choice, Prompter

text = messages.text


@click.command("key")
@click.argument("provider", shell_complete=route_words)
@click.option("--key-file", default="", metavar="PATH", help="Read the key from a file; - for standard input.")
@click.option("--check-keys/--no-check-keys", default=True, help="Ask the provider first whether the key works.")
@click.option("--test/--no-test", default=True, help="Send one small request with the new key afterwards.")
@click.option("--strict", is_flag=True, help="Put the old key back and exit with 5 when the new one does not work.")
@click.option("--forget-old", is_flag=True, help="Keep no copy of the key before: undo cannot bring it back then.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@JSON
@PLAIN
def command(
    provider: str,
    key_file: str,
    check_keys: bool,
    test: bool,
    strict: bool,
    forget_old: bool,
    yes: bool,
    as_json: bool,
    plain: bool,
) -> None:
    """Use another API key for a provider, without a restart. Keys are never arguments: type it, or give a file.

    The key before is kept beside the new one in the secrets file, so that undo can bring it back.
    """
    console = open_console("key", as_json, plain)
    subject = Subject(user_places(), os.environ, console)
    whose = rotation.owner(subject.plan, subject.places, provider)
    given = _given(key_file)
    prompter = None if given or yes or as_json else _asker(whose)
    value = _value(console, prompter, whose, given, check_keys)
    old = rotation.present(subject.places, whose.secret)
    document: dict[str, Any] = {"provider": whose.name, "changed": value != old, "routes": []}
    if value == old:
        if forget_old:
            rotation.rotate(subject, whose, value, forget=True)
        console.reply(text("key.forgotten" if forget_old else "key.same"))
        console.result(document)
        return
    before = rotation.passed(subject.places, whose.routes)
    done = rotation.rotate(subject, whose, value, forget_old)
    word = "key.changed" if done.live else "key.changed_resting"
    console.reply(text(word, title=whose.title, mask=keys.mask_header(value)))
    if old and not forget_old:
        console.reply(text("key.undo"))
    if done.live and test:
        with console.step(text("key.proving")) as step:
            results = list(rotation.prove(subject, whose))
            if bad := [result for result in results if not result.ok]:
                step.warn(bad[0].message or bad[0].health)
        document["routes"] = [result.as_document() for result in results]
        if any(result.name in before for result in bad):
            hint = bad[0].hint
            ask = prompter is not None and prompter.confirm(text("change.roll_back_ask"), True)
            if ask or strict:
                rotation.rotate(subject, whose, old, restores=max(0, done.generation - 1))
                list(rotation.prove(subject, whose))
                if strict:
                    raise ProviderUnhealthy(text("key.refused", message=bad[0].message or bad[0].health), hint)
                console.reply(text("change.rolled_back"))
                document["changed"] = False
            else:
                console.warn(text("change.regressed", path=bad[0].path, message=bad[0].message), hint)
    console.result(document)


def _asker(whose: Owner) -> Prompter:
    try:
        return reviewing.asker(os.environ)
    except EnvironmentProblem as error:
        raise EnvironmentProblem(error.message, text("key.none_hint", name=whose.name)) from None


def _given(key_file: str) -> str:
    """The key out of a file or standard input, "" where it has to be asked for."""
    if key_file and key_file != "-":
        return keys.from_file(key_file, "--key-file")
    if key_file == "-" or not sys.stdin.isatty():
        lines = [line for line in sys.stdin.read(1 << 16).splitlines() if line.strip()]
        if len(lines) > 1:
            raise UsageError(f"Standard input has {len(lines)} lines; it must hold the key alone.")
        return keys.clean(lines[0]).value if lines else ""
    return ""


def _value(console: Console, prompter: Prompter | None, whose: Owner, given: str, check: bool) -> str:
    """The complete header value, checked. Raises UsageError without a key, ProviderUnhealthy for one that is refused
    where nobody can be asked."""
    while True:
        key = given
        if not key and prompter is not None:
            try:
                key = keys.clean(prompter.secret(text("key.ask", title=whose.title))).value
            except UsageError as error:
                console.bad(error.message, error.hint)
                continue
        if not key:
            raise UsageError(text("key.none"), text("key.none_hint", name=whose.name))
        value = whose.header_value(key)
        if not check or whose.provider is None:
            return value
        with console.step(text("key.checking", title=whose.title)) as step:
            outcome = keycheck.check(whose.provider, value, whose.endpoint, os.environ)
            (step.note if outcome.verdict == "ok" else step.warn)(outcome.message)
        if outcome.verdict != "bad":
            return value
        if prompter is None:
            raise ProviderUnhealthy(text("key.refused", message=outcome.message), text("key.refused_hint"))
        if outcome.hint:
            console.item(outcome.hint)
        choices = [
            Choice("again", text("key.again")),
            Choice("keep", text("key.keep")),
            Choice("cancel", text("key.cancel")),
        ]
        decision = prompter.select(text("key.after"), choices, "again")
        if decision == "keep":
            return value
        if decision == "cancel":
            raise Cancelled()
