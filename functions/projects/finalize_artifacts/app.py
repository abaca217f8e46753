"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts/finalize_upload"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_artifacts, scope
from switchyard.surfaces.projects.artifact_models import FinalizeUpload, Manifest
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.finalize_artifacts",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/artifacts/finalize_upload",
    scopes=("tasks:write",),
    body=FinalizeUpload,
    reply=Manifest,
    reads=scope.rows_of_path,
)
def handler(call: Call[FinalizeUpload]) -> Reply:
    """Add uploaded files to a run, all or nothing."""
    return run_artifacts.finalize(call)
