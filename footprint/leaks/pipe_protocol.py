"""What the measuring process and the measured one say to each other: fixed-size numbers, through two pipes.

A request is an operation and a number, and EXPLAIN has a text; an answer four numbers, or a text. Both sides reuse
their buffers, so that the talk leaves nothing behind on the side that is measured.
"""

from __future__ import annotations

import struct

REQUEST = struct.Struct("<qq")
ANSWER = struct.Struct("<qqqqq")
LENGTH = struct.Struct("<q")
"""Of the text that follows an EXPLAIN: the rates of what leaks, in JSON."""

# Requests.
RUN, COLLECT, READ, GC, EXPLAIN, END, VERDICT = range(7)
"""Run so many cycles; collect garbage; read; switch the collector (0 or 1); say where so many cycles leak; end; and
to a test: what was found, a text of so many bytes that follows."""
# Kinds of answer; of those from TEXT on the second number is the length of a text that follows.
DONE, TEXT, READY, REFUSED, MISSING, RAISED, EXITED, BEGIN, REPORT, FINISHED = range(10)
"""DONE is followed by INSIDE, and the nanoseconds that the last cycles took. The last three are a test's: what it wants
measured, pytest's report of a phase, and that it is over."""
