"""The target LEAK_TARGET under psleak as its documentation has it: ``PYTHONMALLOC=malloc python -m unittest``."""

import os

import leak_targets
from psleak import MemoryLeakTestCase

TARGET = getattr(leak_targets, os.environ["LEAK_TARGET"])


class TestLeaks(MemoryLeakTestCase):
    """Nothing is configured: its own 10 warm-up calls, 200 calls, 10 retries, no tolerance, all checkers."""

    def test_target(self) -> None:
        """Fails for a leak."""
        self.execute(TARGET)
