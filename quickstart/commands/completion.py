"""`ai-gateway completion`: what a shell needs to complete commands, options, routes and providers.

Not for: which words there are (_invocation.py).
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from quickstart.commands._invocation import open_console

SHELLS = {
    "bash": 'eval "$(ai-gateway completion bash)"',
    "zsh": 'eval "$(ai-gateway completion zsh)"',
    "fish": "ai-gateway completion fish | source",
}
_VARIABLE = "_AI_GATEWAY_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print completion code for a shell. In its start-up file: eval "$(ai-gateway completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(context.find_root().command, {}, "ai-gateway", _VARIABLE)
    open_console("completion").answer(made.source().splitlines())
