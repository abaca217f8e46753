"""Wire models of the sessions surface. Field names are camelCase on the wire; null is refused."""

from typing import Annotated, Any

from switchyard.domain import tokens
from switchyard.http.models import Field
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import ABSENT, CamelBody

#: Longer than any secret of ours: what does not fit is refused by its form.
Secret = Annotated[str, Field(min_length=1, max_length=2 * tokens.LENGTH)]


class SignIn(CamelBody):
    """One way in: the code of a sign-in link, or a token."""

    code: Secret = ABSENT  #: The secret of a sign-in link, which works once.
    token: Secret = ABSENT  #: An access token, in place of a link's code.

    def model_post_init(self, _context: Any) -> None:
        if (self.code is None) is (self.token is None):
            raise Expectation("names no way in, or two", "one of code and token", "conflict")
