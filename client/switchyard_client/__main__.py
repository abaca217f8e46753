"""`python -m switchyard_client`: the command `switchyard`, where its script is not installed."""

from switchyard_client.cli.main import run

run()
