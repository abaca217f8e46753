"""The runs surface: its name and the format of its errors."""

from switchyard.http.problems import native_surface

RUNS = native_surface("runs")
