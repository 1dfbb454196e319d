"""The program, and the one place where an exception becomes an exit code and a hint. Not for: commands other than setup
(commands/), what they do.

Exit codes: errors.py. Options of `setup` are made from the declarations in answers.py.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click

from quickstart import __version__, crash, earlier_keys, manner, messages, transcript
from quickstart.answers import INPUTS, Question, questions
from quickstart.commands import CommandsByFolder
from quickstart.console import Console, Mode
from quickstart.errors import Cancelled, QuickstartError
from quickstart.files import Places
from quickstart.setup import Choices, Setup

SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None}
PIPE_CLOSED = 141


class Program(CommandsByFolder):
    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        found = super().get_command(context, name)
        if found is not None:
            found.short_help = messages.text(f"command.{name}")
        return found and manner.taught(found)

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = messages.text("command.program")
        super().format_help_text(context, formatter)


@click.group(cls=Program, params=manner.options(), context_settings=SETTINGS)
@click.version_option(__version__, "-V", "--version", message="ai-gateway %(version)s")
def program() -> None:
    """Its help is a text of messages/, in the reader's language."""


def _option(name: str, question: Question) -> click.Option:
    """A click option out of a declaration. Values stay text: one parser serves flags, environment and files."""
    said = f"{question.help} [${question.environment(name)}]"
    if question.kind == "switch":
        return click.Option([question.flag, name], is_flag=True, default=None, help=said)
    if question.kind in ("pairs", "list"):
        return click.Option([question.flag, name], multiple=True, metavar=question.metavar, help=said)
    metavar = "|".join(question.choices) if question.choices else question.kind.upper()
    return click.Option([question.flag, name], default=None, metavar=metavar, help=said)


def _setup_options() -> list[click.Parameter]:
    run = [
        click.Option(
            ["--yes", "-y", "yes"], is_flag=True, envvar="AI_GATEWAY_YES", help="Ask nothing. [$AI_GATEWAY_YES]"
        ),
        click.Option(["--dry-run", "dry_run"], is_flag=True, help="Stop at the review; change nothing."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document; needs --yes."),
        click.Option(["--plain", "plain"], is_flag=True, help="Numbered menus and plain words, for screen readers."),
        click.Option(["--answers", "answers_file"], default="", metavar="FILE", help="Take saved answers from FILE."),
    ]
    declared = [_option(name, question) for name, question in questions().items() if question.flag]
    return [*run, *declared, *(_option(name, question) for name, question in INPUTS.items())]


def _setup(yes: bool, dry_run: bool, as_json: bool, plain: bool, answers_file: str, **flags: Any) -> None:
    environment = dict(os.environ)
    if as_json and not yes:
        raise click.UsageError("--json needs --yes: a program cannot answer questions.")
    if plain:
        environment["ACCESSIBLE"] = "1"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _told_to_end)
    console = Console("json" if as_json else "plain" if yes else "human", environment)
    places = Places.from_environment(environment)
    setup = Setup(environment, places, console)
    try:
        setup.run(flags, Choices(yes, dry_run, answers_file))
    except KeyboardInterrupt:
        raise Cancelled() from None
    except QuickstartError as error:
        console.transcript += [f"{type(error).__name__}: {error.message}", error.hint]
        raise
    finally:
        with suppress(OSError):  # a log that cannot be written is no reason to fail
            transcript.keep(places.state, console.transcript, environment, _kept_keys(places), datetime.now(UTC))


def _kept_keys(places: Places) -> list[str]:
    """Values that no report may show."""
    try:
        return earlier_keys.every_value(places.secrets)
    except QuickstartError:
        return []


def _told_to_end(number: int, frame: object) -> None:
    """As an exception it unwinds what was begun; the usual death by signal would leave it half done."""
    raise SystemExit(128 + number)


program.add_command(
    click.Command(
        "setup",
        callback=_setup,
        params=_setup_options(),
        context_settings=SETTINGS,
        help="Set the gateway up, or change what is set up. Every option is also an environment variable.",
    )
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point: runs a command and returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with manner.settled(os.environ):
        return _main(given)


def _main(given: list[str]) -> int:
    try:
        manner.speak(os.environ)
        returned = program.main(given, prog_name="ai-gateway", standalone_mode=False)
        return returned if isinstance(returned, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        _ended(given, error.format_message(), f"Help: ai-gateway {_command(given)}--help", error.exit_code)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Cancelled.default_exit_code
    except QuickstartError as error:
        _ended(given, error.message, error.hint, error.exit_code)
        return error.exit_code
    except BrokenPipeError:
        # whoever read our output has gone; Python would complain once more while it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:
        return _crashed(given, error)


def _command(given: Sequence[str]) -> str:
    known = program.list_commands(click.Context(program))
    return next((f"{word} " for word in given if word in known), "")


def _ended(given: Sequence[str], message: str, hint: str, exit_code: int) -> None:
    mode: Mode = "json" if "--json" in given else "human"
    console = Console(mode, dict(os.environ), command=_command(given).strip() or "ai-gateway")
    console.error(message, hint)
    console.result({"error": message, "hint": hint, "exit_code": exit_code})


def _crashed(given: Sequence[str], error: Exception) -> int:
    """A bug: told in one line, its report kept without keys."""
    now = datetime.now(UTC)
    environment = dict(os.environ)
    try:
        places = Places.from_environment(environment)
        path = crash.write(places.state, crash.report(error, given, environment, _kept_keys(places), now), now)
        hint = messages.text("crash_hint", path=path)
    except (OSError, QuickstartError) as unwritten:
        hint = messages.text("crash_unwritten", reason=crash.redact(str(unwritten), environment))
    _ended(given, messages.text("crash"), hint, QuickstartError.default_exit_code)
    return QuickstartError.default_exit_code


if __name__ == "__main__":
    sys.exit(main())
