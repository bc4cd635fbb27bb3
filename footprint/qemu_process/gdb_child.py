"""A child process that is gdb with a script of ours and a QEMU to start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from footprint.process.child import Child, find_program

_PACKAGE = Path(__file__).parents[2]
# Scripts import what they share from this package; nothing is written beside it.
_IMPORTS = f"python import sys; sys.dont_write_bytecode = True; sys.path.append({str(_PACKAGE)!r})"


def start_under_gdb(
    script: Path, command: Sequence[str], *, pass_fds: Sequence[int], variables: Mapping[str, str]
) -> Child:
    """Start gdb with `script`, and `command` as the program to debug; `variables` tell the script what to do.

    Errors name the program, not gdb. What the program says on stdout is lost. Raises MeasurementError where the
    program or gdb is missing.
    """
    program = find_program(command[0])
    find_program("gdb")
    watched = ["gdb", "-q", "-nx", "-batch", "-ex", _IMPORTS, "-x", str(script), "--args", program, *command[1:]]
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        return Child(
            watched,
            pass_fds=pass_fds,
            stdout=null,
            # The shell that gdb starts programs with is to take blanks and quotes as any POSIX shell does.
            environment={**os.environ, "SHELL": "/bin/sh", **variables},
            name=Path(program).name,
        )
    finally:
        os.close(null)


def attach_gdb(script: Path, pid: int, *, pass_fds: Sequence[int], variables: Mapping[str, str]) -> Child:
    """Start gdb with `script` on the process `pid` that runs; `variables` tell the script what to do.

    Raises MeasurementError where gdb is missing.
    """
    settings = ("set debuginfod enabled off", "set auto-solib-add off", "set confirm off")
    words = ["gdb", "-q", "-nx", "-batch", *(word for setting in settings for word in ("-iex", setting))]
    words += ["-p", str(pid), "-ex", _IMPORTS, "-x", str(script)]
    return Child(words, pass_fds=pass_fds, environment={**os.environ, **variables})
