"""Gates: budgets, and the comparison of two recordings."""
