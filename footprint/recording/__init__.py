"""Recordings: what was read, in a file that anyone can judge or draw later, on any machine."""

from footprint.recording.model import Published, Recording, Run, Sample, Stretch, Timeline, View, ViewOwner

__all__ = ["Published", "Recording", "Run", "Sample", "Stretch", "Timeline", "View", "ViewOwner"]
