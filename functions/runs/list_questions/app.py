"""GET /v1/runs/{task_id}/{run_id}/questions"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import questions
from switchyard.surfaces.runs.question_models import ListQuestions, QuestionPage
from switchyard.surfaces.runs.surface import RUNS, rows_of_path


@endpoint(
    RUNS,
    "runs.list_questions",
    "GET /v1/runs/{task_id}/{run_id}/questions",
    scopes=("tasks:read", "tasks:write"),
    query=ListQuestions,
    reply=QuestionPage,
    reads=rows_of_path,
)
def handler(call: Call[None, ListQuestions]) -> Reply:
    """List the questions of a run, newest first."""
    return questions.list_of_run(call)
