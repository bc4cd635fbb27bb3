"""Sweeps: a scenario over many parameters and rule sets, on this machine or on a cluster."""
