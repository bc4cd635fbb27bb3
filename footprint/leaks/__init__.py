"""Does it leak? A target is run in a fresh process, cycle after cycle, watched, and judged."""
