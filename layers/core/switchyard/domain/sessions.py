"""Sessions of people in a browser, and the one-time links that begin them."""

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.domain.structs import Struct
from switchyard.domain.text import one_line

#: Seconds after which a session ends that nobody uses.
IDLE_SECONDS = 12 * 3_600
#: Seconds after which a session ends however it is used.
SECONDS_MAX = 30 * 86_400
#: Minutes that a sign-in link counts at most.
LINK_MINUTES_MAX = 1_440
#: Characters that are kept of what a browser says of itself.
BROWSER_MAX = 200


class SignInLink(Struct):
    """A link that begins one session of an actor, once. `digest` is that of its secret, `valid_until` an instant."""

    digest: str
    actor: Actor
    valid_until: str
    created_at: str
    created_by: str


def end(created_at: str, bound: str | None) -> str:
    """Return the instant at which a session ends that is used now: in IDLE_SECONDS, but at most SECONDS_MAX after its
    creation, and not after `bound`, the end of what it was made from (None: no bound).
    """
    now = clock.milliseconds(clock.now()) / 1000
    latest = clock.milliseconds(created_at) / 1000 + SECONDS_MAX
    until = clock.stamp(min(now + IDLE_SECONDS, latest))
    return min(until, bound) if bound else until


def browser(user_agent: str) -> str:
    """Return what is kept of a browser's User-Agent: one line, bounded."""
    return one_line(user_agent, BROWSER_MAX) or "unknown"
