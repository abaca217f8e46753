"""POST /api/projects/{project}/tasks/{task_id}/staged_artifacts/finalize_upload"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import scope, staged
from switchyard.surfaces.projects.artifact_models import FinalizeUpload, Manifest
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.finalize_staged_artifacts",
    "POST /api/projects/{project}/tasks/{task_id}/staged_artifacts/finalize_upload",
    scopes=("tasks:write",),
    body=FinalizeUpload,
    reply=Manifest,
    keyed=False,
    reads=scope.rows_of_path,
)
def handler(call: Call[FinalizeUpload]) -> Reply:
    """Stage uploaded files for the task's next run, all or nothing."""
    return staged.finalize(call)
