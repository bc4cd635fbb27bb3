"""The commit at which a gate begins to fail: ``git bisect`` on somebody's checkout, with the gate as its judge."""
