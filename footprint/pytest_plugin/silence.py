"""What pytest remembers for its reports, switched off: over thousands of cycles it would look like a leak."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

CAPTURING = {"capsys", "capsysbinary", "capteesys", "capfd", "capfdbinary"}


@contextlib.contextmanager
def quiet(fixtures: Collection[str], values: Mapping[str, Any]) -> Iterator[None]:
    """Output, log records and warnings are dropped, save what the test itself asks a fixture for."""
    with contextlib.ExitStack() as opened:
        if not CAPTURING & set(fixtures):
            opened.enter_context(_no_output())
        if "recwarn" not in fixtures:
            opened.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        opened.enter_context(_no_records(getattr(values.get("caplog"), "handler", None)))
        yield


@contextlib.contextmanager
def _no_output() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a device)
        kept = [(number, os.dup(number)) for number in (1, 2)]
        streams = sys.stdout, sys.stderr
        for stream in streams:
            stream.flush()
        for number, _ in kept:
            os.dup2(nowhere.fileno(), number)
        sys.stdout = sys.stderr = nowhere
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams
            for number, copy in kept:
                os.dup2(copy, number)
                os.close(copy)


@contextlib.contextmanager
def _no_records(wanted: logging.Handler | None) -> Iterator[None]:
    """Take pytest's handlers away, save the one `wanted`; without any, Python would add one of its own."""
    root, stand_in = logging.getLogger(), logging.NullHandler()
    of_pytest = [handler for handler in root.handlers if type(handler).__module__ == "_pytest.logging"]
    keeping = [handler for handler in of_pytest if handler is not wanted]
    for handler in keeping:
        root.removeHandler(handler)
    root.addHandler(stand_in)
    try:
        yield
    finally:
        root.removeHandler(stand_in)
        for handler in keeping:
            root.addHandler(handler)
