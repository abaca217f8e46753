"""The command `switchyard`: work on a Switchyard service from a terminal, over its public APIs alone."""
