"""The names that the plugin has on both sides, and its settings."""

from __future__ import annotations

from typing import NamedTuple

NAME = "no_leaks"
"""Of the marker and of the fixture that measure leaks."""
MEASURED_TEST = "footprint-child"
"""Of the plugin that only the process of one measured test has."""
GATE = "footprint"
"""Of the marker and of the fixture that play scenarios and judge them."""


class Setting(NamedTuple):
    """``--footprint-NAME``, and ``footprint_NAME`` in pytest's ini-file: what it is, and what it takes."""

    name: str
    takes: str
    what: str
    default: str = ""

    @property
    def option(self) -> str:
        """The option of the command line."""
        return f"--footprint-{self.name}"

    @property
    def key(self) -> str:
        """The key in the ini-file, which is also where pytest keeps the option."""
        return f"footprint_{self.name}"


RULES = Setting("rules", "NAMES", "play scenarios under these rule sets, separated by blanks, where a test names none")
QEMU = Setting("qemu", "PATH", 'the QEMU binary of backend="qemu", where a test names none')
SAVE = Setting("save", "FOLDER", "write each recording into FOLDER/TEST/, for footprint show, report and compare")
HISTORY = Setting("history", "FILE", "keep each recording in this history, for footprint history")
SUMMARY = Setting("summary", "all|broken|none", "which gates the summary at the end shows (default: all)", "all")
SETTINGS = (RULES, QEMU, SAVE, HISTORY, SUMMARY)
