"""Pool: the organization's flat pool of tasks, with exclusive claims and webhooks (contract: pool.md)."""
