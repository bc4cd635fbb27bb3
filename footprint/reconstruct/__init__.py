"""From a printed memory tree back to regions."""
