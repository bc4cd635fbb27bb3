"""What tests share: where the data is, the command line, and a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ("tests.fixtures.installed", "tests.fixtures.leaks", "tests.fixtures.qemu")

DATA = Path(__file__).parent / "data"
PROGRAMS = Path(__file__).parent / "programs"
"""What tests run: targets of `leaks`, files of tests, scripts."""
ROOT = Path(__file__).parent.parent


def pytest_xdist_auto_num_workers(config):
    """One more than there are cores: a third of the suite's time is spent waiting for children and clocks."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """What takes half a minute or more comes first: begun last, it would leave the other workers without work."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def footprint(tmp_path):
    """Run the command line in an empty folder: ``footprint("run", "power8")`` gives the finished process."""
    return runner_in(tmp_path)


def runner_in(folder):
    """A function that runs the command line in `folder`, for `timeout` seconds, with variables by keyword."""

    def run(*arguments, cwd=folder, timeout=120, **environment):
        return subprocess.run(
            [sys.executable, "-m", "footprint", *map(str, arguments)],
            cwd=cwd,
            env={**{name: value for name, value in os.environ.items() if name != "COLUMNS"}, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def need():
    """The path of a program; without it the test is skipped, or fails where CI promised to install it."""

    def find(program, package):
        path = shutil.which(program)
        if path is None:
            reason = f"{program} is not installed (apt install {package})"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find
