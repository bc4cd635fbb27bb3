"""The names that the plugin has on both sides."""

NAME = "no_leaks"
"""Of the marker and of the fixture."""
MEASURED_TEST = "footprint-child"
"""Of the plugin that only the process of one measured test has."""
