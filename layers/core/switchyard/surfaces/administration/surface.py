"""The administration surface: its name and the format of its errors."""

from switchyard.http.problems import native_surface

ADMINISTRATION = native_surface("administration")
