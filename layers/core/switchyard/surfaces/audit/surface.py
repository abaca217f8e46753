"""The audit surface as the composition knows it."""

from switchyard.http.problems import native_surface

AUDIT = native_surface("audit")
