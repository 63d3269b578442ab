"""
Gives one conversation to another system: a help desk, a CRM, or a webhook.

No vendor's library: one request whose body is a tree with places, and presets of such trees.
Nothing is sent twice blindly. What was refused, or never left this machine, may be tried again;
where it is not known whether it arrived (`Unsure`), the other side is asked first.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mentionwatch.delivery.filling import Places
from mentionwatch.delivery.presets import PRESETS, PRIORITY_WORDS, Preset
from mentionwatch.delivery.signing import signed_headers
from mentionwatch.errors import (
    AnswerRefused,
    ChannelError,
    CredentialsRefused,
    DeliveryError,
    RateLimited,
    SecretUnavailable,
    ServerFailed,
    UnexpectedPayload,
    Unreachable,
)

if TYPE_CHECKING:
    from mentionwatch.client import Response
    from mentionwatch.config.outgoing import Handoff

SECONDS = 30.0
_OK = (200, 201, 202, 203, 204)
_TOKEN_SECONDS = 1800  # where the answer does not say how long a token lives
# By (address, client): until when a token holds, and what the answer said. In this process only.
_tokens: dict[tuple[str, str], tuple[datetime, Mapping[str, Any]]] = {}


class Refused(DeliveryError):
    """It did not arrive. ``lasting``: a further try changes nothing until somebody corrects it."""

    def __init__(self, message: str, hint: str = "", *, lasting: bool) -> None:
        super().__init__(message, hint)
        self.lasting = lasting


class Unsure(DeliveryError):
    """Whether it arrived is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """What the other system made of it; both "" where it does not say."""

    id: str = ""
    url: str = ""


class Desk:
    """
    One ``[handoff.NAME]``, ready for one conversation.

    Args:
        target: As configured.
        record: The conversation (`output.outgoing.conversation_record`), with ``uid``.
        now: When it is sent.
    """

    def __init__(self, target: Handoff, record: Mapping[str, Any], now: datetime) -> None:
        self.target = target
        self.record = record
        self.now = now
        self.preset = PRESETS.get(target.preset or "webhook", Preset())
        self.values: dict[str, Any] = {
            "mention": self._mention(),
            "options": {**self.preset.defaults, **target.options},
        }
        self.places = Places(self.values, target.name)

    @property
    def repeatable(self) -> bool:
        """Whether the other side takes a repetition for what it is."""
        return self.preset.repeatable or self._upserts()

    def preview(self) -> str:
        """Return what would be sent, as JSON; nothing is asked of anybody."""
        return json.dumps(self._body(), indent=2, ensure_ascii=True)

    def send(self) -> Ticket:
        """
        Send it.

        Raises:
            Refused: It did not arrive.
            Unsure: Perhaps it did.
            DeliveryError: The configuration lacks something; nothing was sent.
        """
        self._prepare()
        if self.target.preset == "chatwoot":
            return self._chatwoot()
        method, url = self.target.method, self.values["url"]
        if self._upserts():
            method, url = "PATCH", self.places.url(self.preset.upsert)
        body = json.dumps(self._body(), allow_nan=False).encode()
        return self._ticket(_json_of(self._ask(method, url, body)))

    def find(self) -> Ticket | None:
        """
        Return what an earlier try left there; None where it is not there or cannot be asked for.

        Raises:
            Refused, Unsure: The other side cannot be asked now.
        """
        if not self.preset.found:
            return None
        import jmespath

        self._prepare()
        answer = _json_of(self._ask("GET", self.places.url(self.preset.found), None))
        found = jmespath.search(self.preset.found_id, answer)
        return None if found is None else self._made(found)

    @property
    def can_find(self) -> bool:
        return bool(self.preset.found)

    # --- what is sent -----------------------------------------------------------------------

    def _mention(self) -> dict[str, Any]:
        words = PRIORITY_WORDS.get(self.target.preset, {})
        priority = self.record.get("priority", "normal")
        transcript = str(self.record.get("transcript", ""))
        return {
            **self.record,
            "priority_word": words.get(priority, priority),
            # For systems that want HTML: escaped, so that nobody's words become markup.
            "transcript_html": html.escape(transcript).replace("\n", "<br>"),
        }

    def _body(self) -> Any:
        body = self.target.body if self.target.body is not None else self.preset.body
        return dict(self.record) if body is None else self.places.tree(body)

    def _upserts(self) -> bool:
        needs = self.preset.upsert_needs
        return bool(needs) and needs in self.target.options

    def _prepare(self) -> None:
        """Look up address and token; what fails here has sent nothing."""
        self.values["auth"] = self._token() if self.target.auth.token_url else {}
        template = self.preset.url
        if self.target.url is not None:
            template = self._revealed(self.target.url)
        elif self.target.preset == "salesforce" and "instance" not in self.target.options:
            template = template.replace("{options.instance}", "{auth.instance_url}")
        url = self.places.url(template)
        parts = urlsplit(url)
        self.values["url"] = url
        self.values["origin"] = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _revealed(self, secret: Any) -> str:
        try:
            return str(secret.reveal())
        except SecretUnavailable as error:
            raise Refused(f"{self._name}: {error.message}", error.hint, lasting=True) from error

    @property
    def _name(self) -> str:
        return f"the hand-off to {self.target.name}"

    def _headers(self, body: bytes | None) -> dict[str, Any]:
        auth = self.target.auth
        headers: dict[str, Any] = {"Accept": "application/json"}
        headers |= {name: self.places.header(text) for name, text in self.preset.headers.items()}
        for name, value in self.target.headers.items():
            written = self._revealed(value)
            # Only what stands in the configuration has places; a secret is sent as it is.
            headers[name] = self.places.header(written) if value.is_plain else value
        if auth.type == "bearer":
            headers["Authorization"] = ("Bearer ", auth.token)
        elif auth.type == "header":
            headers[auth.name] = auth.token
        elif auth.type == "oauth2_client_credentials":
            headers["Authorization"] = f"Bearer {self.values['auth'].get('access_token', '')}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            if auth.type == "hmac" and auth.secret is not None:
                headers |= signed_headers(self._revealed(auth.secret), self.now, body)
        return headers

    # --- asking -----------------------------------------------------------------------------

    def _ask(self, method: str, url: str, body: bytes | None) -> Response:
        try:
            return self._ask_once(method, url, body)
        except CredentialsRefused as error:
            if self.target.auth.type != "oauth2_client_credentials":
                raise self._failed(error) from error
            # A token may end before its time: once more with a new one.
            _tokens.pop(self._token_key(), None)
            self.values["auth"] = self._token()
        except ChannelError as error:
            raise self._failed(error) from error
        try:
            return self._ask_once(method, url, body)
        except ChannelError as error:
            raise self._failed(error) from error

    def _ask_once(self, method: str, url: str, body: bytes | None) -> Response:
        from mentionwatch.client import request_once

        auth = self.target.auth
        basic = (auth.username, auth.password) if auth.type == "basic" and auth.password else None
        # Tried again are only connections that failed, 429 and 5xx; never after a read time-out.
        return request_once(
            method,
            url,
            deadline=SECONDS,
            headers=self._headers(body),
            content=body,
            auth=basic,
            ok=_OK,
            retry=method == "GET" or self.repeatable,
        )

    def _failed(self, error: ChannelError) -> DeliveryError:
        message = f"{self._name}: {error.message}"
        if isinstance(error, RateLimited):
            return Refused(message, "it is tried again with the next run", lasting=False)
        if isinstance(error, AnswerRefused) and not isinstance(error, ServerFailed):
            hint = f"check [handoff.{self.target.name}]; to look at what is sent: --dry-run"
            return Refused(message, hint, lasting=True)
        if isinstance(error, ServerFailed) and error.status == 503:
            return Refused(message, "it is tried again with the next run", lasting=False)
        if isinstance(error, SecretUnavailable):
            return Refused(message, error.hint, lasting=True)
        if isinstance(error, Unreachable) and "broke the connection off" not in error.message:
            return Refused(message, error.hint, lasting=False)
        return Unsure(message, "whether it arrived is not known; look there first")

    # --- tokens -----------------------------------------------------------------------------

    def _token_key(self) -> tuple[str, str]:
        return (self.target.auth.token_url, self.target.auth.client_id)

    def _token(self) -> Mapping[str, Any]:
        """Return the answer of the token's server, kept until a minute before its end."""
        kept = _tokens.get(self._token_key())
        if kept is not None and kept[0] > self.now:
            return kept[1]
        from mentionwatch.client import request_once

        auth = self.target.auth
        asked = {
            "grant_type": "client_credentials",
            "client_id": auth.client_id,
            "client_secret": auth.client_secret,
            **({"scope": auth.scope} if auth.scope else {}),
        }
        kind: dict[str, Any] = {"json": asked} if self.preset.token_as_json else {"data": asked}
        try:
            found = request_once(
                "POST", self.places.url(auth.token_url), deadline=SECONDS, retry=True, **kind
            ).json()
            token = found["access_token"]
        except ChannelError as error:
            lasting = isinstance(error, AnswerRefused | SecretUnavailable)
            raise Refused(
                f"{self._name}: no token: {error.message}",
                f"check auth in [handoff.{self.target.name}]",
                lasting=lasting and not isinstance(error, ServerFailed | RateLimited),
            ) from error
        except (KeyError, TypeError) as error:
            raise Refused(
                f"{self._name}: the answer to the question for a token holds none", lasting=True
            ) from error
        self._keep(found, str(token))
        return dict(found)

    def _keep(self, found: Mapping[str, Any], token: str) -> None:
        from mentionwatch.credentials import remember

        remember(token)
        said = found.get("expires_in")
        seconds = said if isinstance(said, int) and not isinstance(said, bool) else _TOKEN_SECONDS
        until = self.now + timedelta(seconds=min(seconds, 86_400) - 60)
        _tokens[self._token_key()] = (until, dict(found))

    # --- the answer -------------------------------------------------------------------------

    def _ticket(self, answer: Any) -> Ticket:
        import jmespath
        from jmespath.exceptions import JMESPathError

        found: dict[str, Any] = {}
        for name in ("result_id", "result_url"):
            expression = getattr(self.target, name) or getattr(self.preset, name)
            try:
                found[name] = jmespath.search(expression, answer) if expression else None
            except JMESPathError:
                found[name] = None  # it has arrived; only its link is not known
        if isinstance(found["result_url"], str):
            number = "" if found["result_id"] is None else str(found["result_id"])
            return Ticket(id=number[:200], url=_web(found["result_url"]))
        return self._made(found["result_id"])

    def _made(self, number: Any) -> Ticket:
        if not isinstance(number, str | int) or number == "":
            return Ticket()
        self.values["result"] = {"id": str(number)}
        needs = self.preset.link_needs
        linked = self.preset.link and (not needs or needs in self.target.options)
        url = self.places.url(self.preset.link) if linked else ""
        return Ticket(id=str(number)[:200], url=_web(url))

    # --- Chatwoot ---------------------------------------------------------------------------

    def _chatwoot(self) -> Ticket:
        """Contact, conversation, message; each step finds what an earlier try left."""
        base, uid = self.values["url"], str(self.record["uid"])
        contact = {
            "source_id": uid,
            "identifier": self.record["contact"],
            "name": self.record["author"],
            "custom_attributes": {"url": self.record["url"], "channel": self.record["channel"]},
        }
        made = self._post(f"{base}/contacts", contact)
        source = made.get("source_id") if isinstance(made, Mapping) else None
        if not isinstance(source, str):
            raise Unsure(f"{self._name}: Chatwoot did not name the contact it made")
        at = f"{base}/contacts/{Places({}, '').url(source)}/conversations"
        known = _json_of(self._ask("GET", at, None))
        if isinstance(known, list) and known and isinstance(known[0], Mapping):
            number, written = known[0].get("id"), known[0].get("messages")
        else:
            opened = self._post(at, {})
            number, written = opened.get("id") if isinstance(opened, Mapping) else None, None
        if not isinstance(number, int | str):
            raise Unsure(f"{self._name}: Chatwoot did not number the conversation it made")
        if not written:
            self._post(f"{at}/{number}/messages", {"content": self.record["transcript"]})
        return self._made(number)

    def _post(self, url: str, body: Mapping[str, Any]) -> Any:
        return _json_of(self._ask("POST", url, json.dumps(body).encode()))


def _json_of(answer: Response) -> Any:
    """Return the JSON of an answer; it was taken, so an answer of another kind is no failure."""
    if not answer.body.strip():
        return {}
    try:
        return answer.json()
    except UnexpectedPayload:
        return {}


def _web(url: str) -> str:
    """Return an address that may be kept as a link: http or https; else ""."""
    safe = urlsplit(url)
    fine = safe.scheme in ("http", "https") and safe.netloc and len(url) <= 2000
    return url if fine and url.isprintable() and not set(url) & set(" <>\"'`\\") else ""


def forget_tokens() -> None:
    """Forget what was kept; for tests."""
    _tokens.clear()
