"""The planning surface as the composition knows it."""

from switchyard.http.problems import Problem, refuse
from switchyard.http.surface import Surface

PLANNING = Surface("planning", refuse, Problem, workspace_parameter="workspaceId")
