"""GET /v1/inbox/mail"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import mail_settings
from switchyard.surfaces.planning.mail_models import MailSettings
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(PLANNING, "planning.get_mail_settings", "GET /v1/inbox/mail", scopes=("tasks:read",), reply=MailSettings)
def handler(call: Call) -> Reply:
    """Show whether and when the caller is mailed about their inbox."""
    return mail_settings.show(call)
