"""The runs surface as the composition knows it."""

from switchyard.http.problems import native_surface

RUNS = native_surface("runs")
