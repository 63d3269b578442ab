"""
Sends an alert: Slack, Discord, Teams, ntfy and webhooks directly, all others through apprise.

The addresses are secrets: no message shows more of them than the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from mentionwatch.delivery import forms
from mentionwatch.delivery.signing import signed_headers
from mentionwatch.errors import ChannelError, DeliveryError, NotFound, SecretUnavailable

if TYPE_CHECKING:
    from mentionwatch.config.outgoing import NotifyTarget
    from mentionwatch.model.alert import Alert

SECONDS = 10.0  # for all tries together
_ENDED = "webhook.office.com"


def send(target: NotifyTarget, alert: Alert) -> None:
    """
    Send an alert to a target; up to three tries where that cannot send it twice.

    Raises:
        DeliveryError: It was not taken; names the target, never its address.
    """
    try:
        if target.to == "apprise":
            _by_apprise(target, alert)
        else:
            _by_request(target, alert)
    except (ChannelError, DeliveryError) as error:
        raise DeliveryError(
            f"the alert to {target.name} was not sent: {error.message}", hint=_hint(target, error)
        ) from error


def _hint(target: NotifyTarget, error: ChannelError | DeliveryError) -> str:
    if isinstance(error, NotFound):
        return f"the hook was removed: make a new one, and put its address into {target.name}"
    if isinstance(error, DeliveryError | SecretUnavailable):
        return error.hint
    return f'it is tried again with the next run; to test: mentionwatch notify test "{target.name}"'


def _by_request(target: NotifyTarget, alert: Alert) -> None:
    from mentionwatch.client import request_once

    url, request = _request(target, alert)
    answer = request_once("POST", url, deadline=SECONDS, retry=True, **request)
    if target.to == "slack" and answer.text().strip() not in ("ok", ""):
        raise DeliveryError(f"Slack answered {answer.text()[:100]!r} instead of ok")


def _request(target: NotifyTarget, alert: Alert) -> tuple[str, dict[str, Any]]:
    """Return the address and what goes there."""
    url = target.url.reveal() if target.url else ""
    if target.to == "slack":
        return url, {"json": forms.slack(alert)}
    if target.to == "discord":
        return url, {"json": forms.discord(alert), "params": {"wait": "true"}}
    if target.to == "teams":
        if (urlsplit(url).hostname or "").endswith(_ENDED):
            raise DeliveryError(
                "Microsoft has switched such connectors off",
                hint="make a workflow in Teams (“When a webhook request is received”) and use "
                "its address",
            )
        return url, {"json": forms.teams(alert)}
    if target.to == "ntfy":
        return _ntfy(target, alert, url)
    return url, _webhook(target, alert)


def _ntfy(target: NotifyTarget, alert: Alert, url: str) -> tuple[str, dict[str, Any]]:
    """Post to the server's root: under a topic's own address JSON would be shown as text."""
    topic = target.topic.reveal() if target.topic else ""
    if not topic:
        parts = urlsplit(url)
        path, _, topic = parts.path.rstrip("/").rpartition("/")
        url = urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))
    if not topic:
        raise DeliveryError(
            "no topic is named", hint="put it into the address (https://ntfy.sh/TOPIC), or topic ="
        )
    request: dict[str, Any] = {"json": forms.ntfy(alert, topic)}
    if target.token:
        request["headers"] = {"Authorization": ("Bearer ", target.token)}
    elif target.password:
        request["auth"] = (target.username, target.password)
    return url, request


def _webhook(target: NotifyTarget, alert: Alert) -> dict[str, Any]:
    import json

    body = json.dumps(forms.webhook(alert), allow_nan=False).encode()
    headers: dict[str, Any] = {
        "Content-Type": "application/json",
        "Idempotency-Key": alert.uid,
        **target.headers,
    }
    if target.secret:
        headers |= signed_headers(target.secret.reveal(), alert.at, body)
    return {"content": body, "headers": headers}


def _by_apprise(target: NotifyTarget, alert: Alert) -> None:
    try:
        import apprise
    except ImportError as error:
        raise DeliveryError(
            "the package apprise is not installed",
            hint='pip install "mentionwatch[apprise]"',
        ) from error
    try:
        _given_to_apprise(apprise, target, alert)
    except (DeliveryError, ChannelError):
        raise
    except Exception as error:  # a plug-in of somebody else's must not stop the other targets
        raise DeliveryError(
            f"apprise failed ({type(error).__name__})",
            hint="to see why: apprise -vv -b test ADDRESS",
        ) from error


def _given_to_apprise(apprise: Any, target: NotifyTarget, alert: Alert) -> None:
    sender = apprise.Apprise()
    for place, url in enumerate(target.urls):
        # A wrong address is only logged by apprise, and would be forgotten in silence.
        if not sender.add(url.reveal()):
            raise DeliveryError(
                f"apprise does not know the address urls[{place}]",
                hint="its forms stand at https://appriseit.com/services/",
            )
    if not sender.notify(
        title=alert.title, body=forms.plain(alert), body_format=apprise.NotifyFormat.TEXT
    ):
        raise DeliveryError(
            "apprise could not deliver it to every address",
            hint="to see why: apprise -vv -b test ADDRESS",
        )
