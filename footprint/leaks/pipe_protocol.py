"""What the measuring process and the measured one say to each other: fixed-size numbers, through two pipes.

A request is an operation and a number, and EXPLAIN and ORIGINS have a text; an answer four numbers, or a text. Both
sides reuse their buffers, so that the talk leaves nothing behind on the side that is measured.
"""

from __future__ import annotations

import struct
from enum import IntEnum

REQUEST = struct.Struct("<qq")
ANSWER = struct.Struct("<qqqqq")
LENGTH = struct.Struct("<q")
"""Of the text that follows, in JSON: EXPLAIN's are the rates of what leaks and the seconds that are left for it,
ORIGINS' the names of packages."""


class RequestCode(IntEnum):
    """What a request asks for; its number is said where it means something."""

    RUN = 0
    """So many cycles."""
    COLLECT = 1
    """Collect garbage."""
    READ = 2
    GC = 3
    """Switch the collector, on (1) or off (0)."""
    EXPLAIN = 4
    """Say where so many cycles leave what they leave."""
    END = 5
    VERDICT = 6
    """To a test: what was found, a text of so many bytes that follows."""
    ORIGINS = 7
    """Say where the modules of packages came from."""


class ReplyCode(IntEnum):
    """What an answer is. From TEXT on its second number is the length of a text that follows."""

    DONE = 0
    """With INSIDE, and the nanoseconds that the last cycles took."""
    TEXT = 1
    READY = 2
    """The target is loaded: what it is, in JSON."""
    REFUSED = 3
    """The word names nothing that can be run."""
    MISSING = 4
    """Something is not installed, or not there."""
    RAISED = 5
    EXITED = 6
    BEGIN = 7
    """A test wants to be measured, in this way."""
    REPORT = 8
    """Pytest's report of a phase of the test."""
    FINISHED = 9
    """The test is over."""
