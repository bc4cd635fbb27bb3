"""Cycles that keep an object, and end badly as soon as they are traced."""

import os
import time
import tracemalloc

KEEP = []


def kept():
    KEEP.append(object())
    return tracemalloc.is_tracing()


def raises():
    if kept():
        raise KeyError("traced")


def dies():
    if kept():
        os.abort()


def hangs():
    if kept():
        time.sleep(1000)
