"""PATCH /v1/inbox/mail"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import mail_settings
from switchyard.surfaces.planning.mail_models import MailSettings, UpdateMailSettings
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.update_mail_settings",
    "PATCH /v1/inbox/mail",
    scopes=("tasks:read",),
    body=UpdateMailSettings,
    reply=MailSettings,
    shown=mail_settings.shown,
)
def handler(call: Call[UpdateMailSettings]) -> Reply:
    """Set when the caller is mailed about their inbox: never, at once, or gathered."""
    return mail_settings.update(call)
