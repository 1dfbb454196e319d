"""`ai-gateway limit`: limits on tokens or money. Not for: what a limit is in the configuration (changing/limits.py)."""

from __future__ import annotations

import os

import click

from quickstart import messages
from quickstart.changing import limits, prices
from quickstart.changing.change import Subject, Wanted, Wanting
from quickstart.changing.settling import Manner, settle
from quickstart.commands._invocation import JSON, PLAIN, open_console, route_words, user_places
from quickstart.console import Console
from quickstart.layout import Column
from quickstart.reconcile import deck_file
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.rows import Rows, nothing
from quickstart.reconcile.situation import Situation
from quickstart.reconcile.three_way import Choose

text = messages.text


@click.command("limit")
@click.argument("target", default="", metavar="[PROVIDER|ROUTE]", shell_complete=route_words)
@click.argument("limit", nargs=-1, metavar="[AMOUNT/TIME ...|off]")
@click.option("--by", type=click.Choice(list(limits.STRATEGIES)), default=None, help="What is counted; total at first.")
@click.option(
    "--price", default="", metavar="IN/OUT", help="For --by cost: USD per 1,000,000 tokens in and out, such as 0.25/2."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@JSON
@PLAIN
def command(
    target: str,
    limit: tuple[str, ...],
    by: str | None,
    price: str,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    plain: bool,
) -> None:
    """Limit the tokens or the money that a provider or a route may cost.

    Such as: limit openai 1000/60s, or: limit openai 2.5/1d --by cost --price 0.25/2. Without a limit, show those in
    force; `off` takes them away.
    """
    console = open_console("limit", as_json, plain)
    subject = Subject(user_places(), os.environ, console)
    off = [word.lower() for word in limit] == ["off"]
    wanted = () if off else tuple(limits.parse(word) for word in limit)
    cost = prices.parse(price) if price else None
    if not limit:
        rows = subject.look().running or nothing()
        only = limits.scope(target, subject.plan, rows) if target else None
        _list(console, rows, only)
        return
    now = subject.look().running or nothing()
    where = limits.scope(target, subject.plan, now)

    typed = " ".join(["limit", target, *limit, *(["--by", by] if by else [])])

    def wanting(choose: Choose) -> Wanting:
        def wanted_of(now: Situation) -> Wanted:
            rows = now.running or nothing()
            new = limits.unlimited(rows, where) if off else limits.limited(rows, where, wanted, by or "")
            if cost is not None:
                new, _ = prices.priced(new, where, cost)
            prices.require(new, where, " ".join([target, *limit]))
            return Wanted(Wish(typed, choose=choose, ancestor=rows, configuration=deck_file.text(new)))

        return wanted_of

    if cost is not None and len(names := prices.priced(now, where, cost)[1]) > 1:
        console.warn(text("limit.several", models=", ".join(names)))
    if where.kind == "services" and not off:
        console.warn(text("limit.only_service", name=target))
    document = settle(console, subject, wanting, Manner(yes or as_json, test=False, dry_run=dry_run), os.environ)
    console.result(document)


def _list(console: Console, rows: Rows, only: limits.Scope | None) -> None:
    found = [one for one in limits.listing(rows) if only is None or one.provider in only.providers]
    if not found:
        console.reply(text("limit.none"))
    else:
        columns = [
            Column(text("limit.provider"), drop=0),
            Column(text("limit.limits")),
            Column(text("limit.by"), drop=1),
            Column(text("limit.where")),
        ]
        rows_ = [
            (
                one.provider,
                ", ".join(limit.shown for limit in one.limits),
                one.by,
                one.where or text("limit.everywhere"),
            )
            for one in found
        ]
        console.table(columns, rows_)
    console.result(
        {
            "limits": [
                {
                    "where": one.where or None,
                    "provider": one.provider,
                    "by": one.by,
                    "limits": [{"amount": limit.amount, "seconds": limit.seconds} for limit in one.limits],
                }
                for one in found
            ]
        }
    )
