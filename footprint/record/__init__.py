"""Recording: a scenario played on a backend, the probes read at every mark."""
