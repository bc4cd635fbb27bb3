"""Emulators that run inside a Python process. The only room that imports `unicorn`."""
