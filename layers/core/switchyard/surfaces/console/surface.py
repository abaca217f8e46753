"""The console surface as the composition knows it."""

from switchyard.http.problems import native_surface

CONSOLE = native_surface("console")
