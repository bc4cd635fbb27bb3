"""Recordings: what was read, in a file that anyone can judge or draw later, on any machine."""

from footprint.recording.model import OwnerShare, Published, Recording, Run, Sample, Stretch, Timeline, View, ViewOwner

__all__ = ["OwnerShare", "Published", "Recording", "Run", "Sample", "Stretch", "Timeline", "View", "ViewOwner"]
