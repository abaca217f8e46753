"""Keys of what people read and write beside the work: see keys.py."""

QUESTION = "QUESTION#"


def question(tenant_id: str, task_id: str, run_id: str, question_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{task_id}", f"{QUESTION}{run_id}#{question_id}"


def questions(tenant_id: str, task_id: str, run_id: str) -> tuple[str, str]:
    """The partition of a run's questions, and what their sort keys begin with."""
    return f"{tenant_id}#{task_id}", f"{QUESTION}{run_id}#"
