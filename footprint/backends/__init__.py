"""What acts: a backend obeys Steps."""
