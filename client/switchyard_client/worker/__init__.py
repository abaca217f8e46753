"""A worker for runs: claims them, carries each out with a command, reports (docs/workers.md)."""
