"""The administration surface as the composition knows it."""

from switchyard.http.problems import Problem, refuse
from switchyard.http.surface import Surface

ADMINISTRATION = Surface("administration", refuse, Problem)
