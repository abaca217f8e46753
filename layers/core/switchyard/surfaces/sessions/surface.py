"""The sessions surface as the composition knows it."""

from switchyard.domain.actors import SCOPES
from switchyard.http.problems import native_surface

SESSIONS = native_surface("sessions")
#: Whoever may do anything at all may know who they are, and end their session.
ANYONE = tuple(SCOPES)
