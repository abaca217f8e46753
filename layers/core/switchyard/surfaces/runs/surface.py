"""The runs surface as the composition knows it."""

from switchyard.http.problems import Problem, refuse
from switchyard.http.surface import Surface

RUNS = Surface("runs", refuse, Problem)
