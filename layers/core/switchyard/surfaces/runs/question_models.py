"""Wire models of questions: what an agent asks, and what a person answers (docs/questions.md)."""

from typing import Annotated

from switchyard.domain.artifacts import ID_MAX as ARTIFACT_MAX
from switchyard.domain.questions import ANSWER_MAX, CHOICE_MAX, CHOICES_MAX, TEXT_MAX
from switchyard.http.models import Field, Query, Shown, Wire
from switchyard.surfaces.inputs import ABSENT, Cursor, Distinct, Instant, Limit, NonEmptyName, NotBlank, OneLine
from switchyard.surfaces.runs.models import WAIT_MAX, QuestionShown

QuestionText = Annotated[str, Field(min_length=1, max_length=TEXT_MAX), NotBlank]
Choice = Annotated[str, Field(min_length=1, max_length=CHOICE_MAX), NotBlank, OneLine]
Choices = Annotated[list[Choice], Field(max_length=CHOICES_MAX), Distinct]
AnswerText = Annotated[str, Field(min_length=1, max_length=ANSWER_MAX), NotBlank]


class Ask(Wire):
    """A question: `to` is who alone may answer, `artifact` a file of the run that it is about.

    At the `deadline`, at most 28 days away, the `default` becomes the answer; without one the run fails.
    """

    text: QuestionText
    choices: Choices = []
    artifact: Annotated[str, Field(min_length=1, max_length=ARTIFACT_MAX)] = ABSENT
    to: NonEmptyName = ABSENT
    deadline: Instant = ABSENT
    default: AnswerText = ABSENT


class GiveAnswer(Wire):
    """An answer: one of the choices, where there are some."""

    answer: AnswerText


class GetQuestion(Query):
    """`wait_seconds`: how long to wait while the question is open."""

    wait_seconds: Annotated[int, Field(ge=0, le=WAIT_MAX)] = 0


class ListQuestions(Query):
    limit: Limit = 20
    cursor: Cursor = ABSENT


class QuestionPage(Shown):
    items: list[QuestionShown]
    next_cursor: str | None
