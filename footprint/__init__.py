"""See, understand and gate the memory footprint and leaks of large machine memory topologies.

A Scenario yields Steps; a Backend obeys them; at every Mark the Probes are read into a Recording;
a Gate judges the recording; a Report shows it.
"""

__version__ = "0.1.0"
