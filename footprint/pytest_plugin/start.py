"""The process of one measured test: ``python start.py REQUESTS ANSWERS SHEET``, three inherited descriptors.

It is a script, not a module: pytest must have prepared itself before anything of footprint is imported, or it warns
that it could not rewrite what is there already, and that is an error where warnings are errors.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any


def main(requests: int, answers: int, sheet: int) -> None:
    """Run the test that the sheet names, with the configuration of the run that it belongs to."""
    for descriptor in (requests, answers):
        os.set_inheritable(descriptor, False)  # what the test starts must not hold the talk open
    with open(sheet, "rb") as file:
        told = pickle.load(file)
    sys.path[:], sys.argv[:] = told["path"], told["argv"]
    os.chdir(told["folder"])

    import pytest

    options = dict(_loaded(told["options"]))
    # As pytest-xdist starts its workers: the options travel as they were understood, whoever defined them.
    config = pytest.Config.fromdictargs(options, [*told["arguments"]])
    for name in ("terminal", "stepwise"):  # only now: their settings must be known while the ini-file is read
        config.pluginmanager.set_blocked(name)
    if told["worker"] is not None:
        config.workerinput, config.workeroutput = told["worker"], {}  # type: ignore[attr-defined]

    from footprint.pytest_plugin.measured_test import MeasuredTest
    from footprint.pytest_plugin.names import MEASURED_TEST

    test = MeasuredTest(requests, answers, told["nodeid"])
    config.pluginmanager.register(test, MEASURED_TEST)
    try:
        config.hook.pytest_cmdline_main(config=config)
    finally:
        config._ensure_unconfigure()
    test.finish()


def _loaded(options: dict[str, bytes]) -> Any:
    """The options that can be had here; one of a class that only exists where it came from keeps its default."""
    for name, value in options.items():
        try:
            yield name, pickle.loads(value)
        except Exception:
            continue


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
