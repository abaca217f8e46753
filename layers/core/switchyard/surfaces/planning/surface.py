"""The planning surface: its name and the format of its errors."""

from switchyard.http.problems import native_surface

PLANNING = native_surface("planning", workspace_parameter="workspaceId")
