"""Projects: tasks with runs, staged artifacts, presence and push (contract: projects.md)."""
