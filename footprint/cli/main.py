"""The command line: finds the verb, and turns errors into one sentence and an exit code.

Each verb is a file in this room, imported when it is called. Data goes to stdout, everything else to
stderr. This is the only place that maps errors to exit codes.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from footprint import __version__
from footprint.errors import FootprintError, UnknownNameError

VERBS = {
    "list": "what there is: scenarios, rules, metrics …",
    "run": "play a scenario under rule sets and record it",
    "show": "a recording as a table",
    "report": "recordings as one HTML page",
    "compare": "where two recordings differ",
    "gate": "fail when a recording breaks a budget",
    "capture": "what a real QEMU says of itself, as a file",
    "trace": "every memory call of a real start-up, as an operation log",
    "leaks": "does it leak, how much, and where?",
    "verify": "what a real QEMU did, against the model",
}
"""Verbs, with their line of help."""

INTERRUPTED = 130
"""The shell's code for a process that Ctrl-C ended."""


class Verbs(click.Group):
    """A group whose commands are imported when they are called, so that ``--help`` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Every verb, in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002
        """The command of that name; raises UnknownNameError."""
        if cmd_name not in VERBS:
            raise UnknownNameError("verb", cmd_name, VERBS)
        module = importlib.import_module(f"footprint.cli.{cmd_name}_verb")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The verbs with their lines, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="footprint")
@click.option("--no-color", is_flag=True, help="No colours, as with NO_COLOR.")
@click.pass_context
def cli(ctx: click.Context, *, no_color: bool) -> None:
    """See, understand and gate the memory footprint of large machine memory topologies.

    \b
    footprint run power8                 the guest of the 2017 FlatView series
    footprint run power8 -r v7.2.0       under one rule set
    footprint gate reports/power8 --budget 'flatviews.alive<=4' --rules v7.2.0

    Exit codes: 0 done, 1 the answer is no, 2 the request is wrong, 3 it could not be measured.
    """
    if no_color:
        os.environ["NO_COLOR"] = "1"
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line, and exit."""
    try:
        code = cli.main(arguments, prog_name="footprint", standalone_mode=False)
        sys.stdout.flush()
    except FootprintError as error:
        _say(str(error))
        code = error.exit_code
    except click.ClickException as error:
        _say(_click_sentence(error))
        code = 2
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has seen enough; keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _click_sentence(error: click.ClickException) -> str:
    sentence = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        sentence += f" (see: {error.ctx.command_path} --help)"
    return sentence


def _say(sentence: str) -> None:
    one_line = " ".join(sentence.split())
    click.echo(f"footprint: {one_line}", err=True)
