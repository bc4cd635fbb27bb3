"""The command line: finds the verb, and turns errors into one sentence and an exit code.

Each verb is a file in this room, imported when it is called. Data goes to stdout, everything else to
stderr. Only this module maps errors to exit codes.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from footprint import __version__
from footprint.cli import terminal
from footprint.errors import FootprintError, OutputError, UnknownNameError

VERBS = {
    "list": "list scenarios, rule sets, machines, devices, backends, probes or metrics",
    "run": "play a scenario under one or more rule sets, and record it",
    "show": "show a recording as a table",
    "report": "draw recordings as one HTML page",
    "compare": "show where two recordings differ",
    "gate": "judge recordings or scenarios by budgets and baselines",
    "accept": "make a recording the baseline, and keep a gain",
    "sweep": "play a scenario over a grid, and tell how its cost grows",
    "history": "draw a metric over the runs that were kept, and name the commits at which it changed",
    "bisect": "find the commit of a QEMU checkout at which a gate begins to fail",
    "capture": "save what a real QEMU reports about its memory",
    "trace": "log every memory API call of a real QEMU's start-up",
    "leaks": "find out whether something leaks, how much, and where",
    "verify": "compare the model with what a real QEMU did",
}
"""Verbs, each with its line of help."""

INTERRUPTED = 130
"""The shell's code for a process that Ctrl-C ended."""
READER_GONE = 141
"""The shell's code for a process that wrote to a pipe which nobody reads any more."""


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
@click.option("--no-color", is_flag=True, help="Print no colours, as with NO_COLOR set.")
@click.pass_context
def cli(ctx: click.Context, *, no_color: bool) -> None:
    """See, understand and gate the memory footprint of large machine memory topologies.

    \b
    footprint run power8                 the guest of the 2017 FlatView series
    footprint run power8 -r v7.2.0       the same guest under one rule set only
    footprint gate power8 -r v7.2.0 --budget 'flatviews.alive<=4'

    Exit codes: 0 done; 1 the answer is no; 2 the request is wrong; 3 it could not be measured.
    """
    if no_color:
        os.environ["NO_COLOR"] = "1"
    if ctx.invoked_subcommand is None:
        for line in ctx.get_help().splitlines():
            terminal.say(line)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line, and exit."""
    terminal.guard()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except OutputError as error:
        terminal.abandon_output()
        terminal.complain(str(error))
        code = error.exit_code
    except terminal.ReaderGoneError:
        terminal.abandon_output()
        code = READER_GONE
    except (click.Abort, KeyboardInterrupt):
        terminal.complain("interrupted")
        code = INTERRUPTED
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    """The exit code of the verb, its errors told."""
    try:
        code = cli.main(arguments, prog_name="footprint", standalone_mode=False)
    except OutputError:
        raise
    except FootprintError as error:
        terminal.complain(error)
        code = error.exit_code
    except click.ClickException as error:
        terminal.complain(_click_sentence(error))
        code = 2
    return code if isinstance(code, int) else 0


def _click_sentence(error: click.ClickException) -> str:
    sentence = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        sentence += f" (see: {error.ctx.command_path} --help)"
    return sentence
