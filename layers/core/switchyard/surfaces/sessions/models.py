"""Wire models of the sessions surface. Field names are camelCase on the wire; null is refused."""

from typing import Annotated, Any

from switchyard.domain import tokens
from switchyard.http.models import Field, Model, Query
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import ABSENT, CamelBody

#: Longer than any secret of ours: what does not fit is refused by its form.
Secret = Annotated[str, Field(min_length=1, max_length=2 * tokens.LENGTH)]


class BeginOidc(Query):
    """Where to go when signed in: a page of the console."""

    #: The path of a page of the console; any other address is not gone to.
    next: Annotated[str, Field(max_length=2_000)] = ABSENT


class FinishOidc(Model):
    """What the issuer says (OpenID Connect Core §3.1.2.5, §3.1.2.6; RFC 9207). Anything else is ignored."""

    model_config = {"extra": "ignore"}

    code: Annotated[str, Field(max_length=4_096)] = ABSENT  #: What the id token is fetched by.
    state: Annotated[str, Field(max_length=100)] = ABSENT  #: What the sign-in was begun with.
    iss: Annotated[str, Field(max_length=2_048)] = ABSENT  #: Who answers.
    error: Annotated[str, Field(max_length=200)] = ABSENT  #: Why there is no code.


class SignIn(CamelBody):
    """One way in: the code of a sign-in link, or a token."""

    code: Secret = ABSENT  #: The secret of a sign-in link, which works once.
    token: Secret = ABSENT  #: An access token, in place of a link's code.

    def model_post_init(self, _context: Any) -> None:
        if (self.code is None) is (self.token is None):
            raise Expectation("names no way in, or two", "one of code and token", "conflict")
