"""Where a leak comes from: stacks, holders, kernel resources."""
