"""What reads: a probe gives ``{metric: number}`` at a Mark."""
