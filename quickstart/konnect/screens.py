"""The wizard's screen about Konnect: token, region, what to do with a control plane that is there already. And what the
review says of Konnect. Not for: asking Konnect (seeing.py, outlook.py), setup without questions (settling.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from quickstart import keys, layout, messages
from quickstart.answers import Answers
from quickstart.console import Console
from quickstart.errors import KonnectError, UsageError
from quickstart.konnect import account
from quickstart.konnect.account import TOKEN, Asked, Seen
from quickstart.konnect.addresses import TOKENS_PAGE
from quickstart.konnect.outlook import Outlook
from quickstart.konnect.products import product_of
from quickstart.konnect.sync import Change
from quickstart.plan import Plan
from quickstart.prompter import Choice
from quickstart.sources import SAVED, Given
from quickstart.wizard_hosted import Desk

text = messages.text


def ask(desk: Desk, answers: Answers) -> Answers:
    """Asks for the token, checks it at once and settles region and control plane. Returns `answers` with what came of
    it; with the control plane on this machine where the person gave up."""
    console = desk.console
    console.heading(text("konnect.heading"))
    console.say(text("konnect.explain"))
    console.say(text("konnect.explain_keys"))
    known = desk.sources.named_key("konnect", (TOKEN,), TOKEN)
    if known is None:
        console.say(text("konnect.tokens_page", url=TOKENS_PAGE))
    asked = Asked(answers.konnect_control_plane, answers.konnect_region, answers.konnect_product)
    while True:
        token = _token(desk, known)
        try:
            if not token:
                raise account.no_token()
            with console.step(text("konnect.checking")):
                seen = desk.eyes.konnect(token, asked)
        except KonnectError as error:
            console.bad(error.message, error.hint)
            choices = [Choice("again", text("konnect.again")), Choice("local", text("konnect.stay_local"))]
            if desk.prompter.select(text("konnect.after"), choices, "again") == "local":
                return replace(answers, control_plane="local")
            known = None
            continue
        break
    console.ok(text("konnect.accepted", organization=seen.account.organization, region=seen.account.region))
    region = seen.account.region
    if not seen.account.sure:
        choices = [Choice(name, name) for name in seen.account.usable]
        region = desk.prompter.select(text("konnect.ask_region"), choices, region)
    answers = replace(
        answers, control_plane="konnect", konnect_region=region, secrets={**answers.secrets, TOKEN: token}
    )
    if seen.account.home is None or seen.ours:
        return answers
    return _existing(desk, answers, token, seen)


def _token(desk: Desk, known: Given | None) -> str:
    """The token that was typed, or the known one for nothing typed."""
    if known is None:
        question = text("konnect.ask_token")
    elif known.origin == SAVED:
        question = text("konnect.ask_token_kept", mask=keys.mask(known.value))
    else:
        question = text("konnect.ask_token_env", origin=known.origin, mask=keys.mask(known.value))
    while True:
        try:
            typed = keys.clean(desk.prompter.secret(question)).value
        except UsageError as error:
            desk.console.bad(error.message, error.hint)
            continue
        if typed:
            desk.console.item(keys.received(typed))
        return typed or (str(known.value) if known is not None else "")


def _existing(desk: Desk, answers: Answers, token: str, seen: Seen) -> Answers:
    """What shall happen to a control plane that is not ours. Nothing is deleted unless its name is typed."""
    if answers.konnect_existing == "add" or answers.konnect_replace:
        return answers
    name, region = answers.konnect_control_plane, answers.konnect_region
    desk.console.warn(text("konnect.exists_note", name=name, region=region))
    other = _free_name(desk, token, answers)
    choices = [
        Choice("add", text("konnect.existing_add"), text("konnect.existing_add_note")),
        Choice("other", text("konnect.existing_other", name=other)),
        Choice("replace", text("konnect.existing_replace"), text("konnect.existing_replace_note")),
    ]
    if seen.account.home is not None and seen.account.home.unfit:
        desk.console.item(seen.account.home.unfit)
        del choices[0]
    while True:
        chosen = desk.prompter.select(text("konnect.existing_ask"), choices, choices[0].value)
        if chosen == "add":
            return replace(answers, konnect_existing="add")
        if chosen == "other":
            return replace(answers, konnect_control_plane=other)
        if desk.prompter.text(text("konnect.existing_type", name=name)) == name:
            return replace(answers, konnect_replace=name)
        desk.console.item(text("konnect.existing_kept"))


def _free_name(desk: Desk, token: str, answers: Answers) -> str:
    """The first of `ai-gateway-2`, `ai-gateway-3` ... that is not there, or that is ours."""
    for number in range(2, 100):
        name = f"{answers.konnect_control_plane}-{number}"
        seen = desk.eyes.konnect(token, Asked(name, answers.konnect_region, answers.konnect_product))
        if seen.account.home is None or seen.ours:
            return name
    raise KonnectError(text("konnect.exists_note", name=name, region=answers.konnect_region))


def _show(console: Console, line: str) -> None:
    """A line with a mark, folded beside it; one without stands below the marked ones' words."""
    folded = layout.wrap(line.strip(), console.width - 4)
    indent = "  " if line[0] in "+~-" else "    "
    console.lines([indent + folded[0], *("    " + rest for rest in folded[1:])])


def _line(change: Change) -> str:
    fields = f"  ({', '.join(change.fields)})" if change.fields else ""
    return f"{change.mark} {change.entity.collection:<15} {change.entity.name}{fields}"


def show(console: Console, plan: Plan, outlook: Outlook) -> None:
    """What the review says of Konnect, above what it says of this machine."""
    assert plan.konnect is not None
    console.heading(text("konnect.review"))
    product = product_of(plan.konnect.product)
    named = {"name": plan.konnect.control_plane, "region": plan.konnect.region, "kind": product.title}
    if outlook.nothing:
        console.ok(text("konnect.same"))
        return
    if outlook.replaced:
        head = text("konnect.review.replaced", **named)
    elif outlook.home is None:
        head = text("konnect.review.new", **named)
    else:
        head = "  " + text("konnect.review.used", **named) if outlook.ours else text("konnect.review.added", **named)
    lines = [head]
    if not outlook.pinned:
        lines.append(text("konnect.review.certificate"))
    if outlook.home is None or outlook.replaced:  # all is new: how many says enough
        counts = Counter(change.entity.collection for change in outlook.changes)
        lines += [text("konnect.review.many", count=count, kind=kind) for kind, count in counts.items()]
    else:
        for line in lines:
            _show(console, line)
        lines = []
        console.lines([f"  {layout.truncate(_line(change), console.width - 2)}" for change in outlook.changes])
    marks = [change.mark for change in outlook.changes]
    lines.append(
        text("konnect.review.counts", added=marks.count("+"), changed=marks.count("~"), removed=marks.count("-"))
    )
    lines.append(text("konnect.review.image", image=plan.konnect.image))
    for line in lines:
        _show(console, line)
    if any(route.secret for route in plan.routes):
        console.lines(layout.wrap(text("konnect.review.keys"), console.width, "  "))
