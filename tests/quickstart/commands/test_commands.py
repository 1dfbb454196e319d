"""The folder of commands: each file is one, each says what it does, and none is imported before it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.shell import Shell

from quickstart import commands
from quickstart.cli import program


@pytest.mark.parametrize("name", commands.modules())
def test_a_file_is_a_command_that_explains_itself(name: str) -> None:
    command = commands.command(name)
    assert command.name == name and command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_the_program_has_them_all_beside_setup() -> None:
    names = program.list_commands(click.Context(program))
    assert names[0] == "setup" and {"status", "start", "stop", "restart", "logs", "uninstall"} < set(names)
    assert program.get_command(click.Context(program), "nonsense") is None


def test_a_command_does_not_pay_for_the_others() -> None:
    program = (
        "import sys\nfrom quickstart import cli, commands\n"
        "cli.main(['stop', '--help'])\n"
        "loaded = [name for name, module in commands.modules().items() if module in sys.modules]\n"
        "assert loaded == ['stop'], loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=_paths())


def _paths() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(sys.path)}


@pytest.mark.parametrize("command", ["status", "start", "stop", "restart", "logs"])
def test_without_a_setup_each_command_says_what_to_type(command: str, tmp_path: Path) -> None:
    done = Shell(tmp_path).type(command)
    assert done.returncode == 3
    assert "Nothing is set up yet" in done.stderr and "ai-gateway setup" in done.stderr
