"""Tell a dead-man service that we are alive: it warns the owner when it hears nothing."""

from __future__ import annotations

from mentionwatch.credentials import Secret
from mentionwatch.errors import ChannelError, DeliveryError

SECONDS = 10.0


def ping(url: Secret) -> None:
    """
    Call an address.

    Raises:
        DeliveryError: It did not answer well.
    """
    from mentionwatch.client import request_once

    try:
        request_once("GET", url.reveal(), deadline=SECONDS, retry=True)
    except ChannelError as error:
        raise DeliveryError(
            f"the ping address did not take the call: {error.message}",
            hint=f"check {url.key or 'ping'} in the configuration",
        ) from error
