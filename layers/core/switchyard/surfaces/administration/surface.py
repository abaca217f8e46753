"""The administration surface as the composition knows it."""

from switchyard.http.problems import native_surface

ADMINISTRATION = native_surface("administration")
