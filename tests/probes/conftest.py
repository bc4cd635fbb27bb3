"""Targets are explained as in the tests of leaks."""

from tests.leaks.conftest import explained  # noqa: F401 (a fixture)
