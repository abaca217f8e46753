"""Programs beside the service, for agents' machines: they import nothing of it and speak to it over HTTP alone."""

#: The version of this distribution.
VERSION = "0.1.0"
