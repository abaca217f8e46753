"""Follow-ups: strict tasks for agents at /v1/tasks. The tools at /mcp call the same functions."""
