"""Programs beside the service, for agents' machines: they import nothing of it and speak to it over HTTP alone."""
