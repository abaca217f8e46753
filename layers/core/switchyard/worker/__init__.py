"""A worker for runs: claims them, carries each out with a command, reports (docs/workers.md).

A program of its own beside the service: it imports nothing of it and speaks to it over HTTP alone.
"""
