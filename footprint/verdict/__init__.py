"""Leak verdicts: their statistics, findings and suppressions."""
