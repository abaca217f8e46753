"""The audit surface as the composition knows it."""

from switchyard.http.problems import Problem, refuse
from switchyard.http.surface import Surface

AUDIT = Surface("audit", refuse, Problem)
