"""The audit surface: its name and the format of its errors."""

from switchyard.http.problems import native_surface

AUDIT = native_surface("audit")
