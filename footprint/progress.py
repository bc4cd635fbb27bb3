"""Who is told what a long piece of work is at."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Is called with a few words again and again."""
