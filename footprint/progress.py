"""How long work says what it is at."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Takes a sentence for the person who waits; whoever calls decides where it goes."""
