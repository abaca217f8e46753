"""The planning surface as the composition knows it."""

from switchyard.http.problems import native_surface

PLANNING = native_surface("planning", workspace_parameter="workspaceId")
