"""GET /v1/audit"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.audit import entries
from switchyard.surfaces.audit.models import EntryPage, ListEntries
from switchyard.surfaces.audit.surface import AUDIT


@endpoint(
    AUDIT,
    "audit.list_entries",
    "GET /v1/audit",
    scopes=("audit:read",),
    query=ListEntries,
    reply=EntryPage,
)
def handler(call: Call[None, ListEntries]) -> Reply:
    """List who changed which track, when and how, newest first."""
    return entries.list_entries(call)
