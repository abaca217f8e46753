"""Runs as agents see them: how they get one, keep it and give it back (docs/workers.md)."""
