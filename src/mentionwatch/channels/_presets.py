"""
How the exports of well-known tools are laid out; each is a map, see `_mapping`.

What an owner's own map says wins over a preset, key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

UNVERIFIED: tuple[str, ...] = (
    "the presets `crisp` and `zendesk_chat` name the fields as their makers' descriptions do; "
    "otherwise lines are refused with their number, and `map` corrects it",
    "the columns of `hubspot`, `salesforce`, `zoho` and `twilio` are those of an English export; "
    "otherwise the missing column is named, and `map` corrects it",
    "`chatwoot` and `intercom` say by `waiting_since` that a customer waits; otherwise an answered "
    "conversation stays, or a waiting one leaves",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One export: ``how`` it is had, and how it is read."""

    title: str = ""
    how: str = ""
    map: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    format: str = ""
    items: str = ""
    tz: str = ""
    date_format: str = ""
    kind: str = ""
    private: bool = False


# Chatwoot and Intercom list a conversation with one message, and say since when the customer waits.
# So a waiting one is a mention of that moment, and any other tells that we have answered.
_CHATWOOT_ANSWERED = (
    "(contains(keys(@), 'waiting_since') && (waiting_since == `null` || waiting_since == `0`))"
)
_CHATWOOT_TEXT = (
    "(last_non_activity_message.message_type == `0` && last_non_activity_message.content)"
    " || (messages[?message_type == `0`] | [-1].content)"
)
_INTERCOM_ANSWERED = "(contains(keys(@), 'waiting_since') && waiting_since == `null`)"

PRESETS: dict[str, Preset] = {
    "chatwoot": Preset(
        title="Chatwoot conversations (JSON)",
        how="GET /api/v1/accounts/ACCOUNT/conversations?status=open, header Api-Access-Token",
        format="json",
        items="data.payload || payload || @",
        map={
            "id": f"({_CHATWOOT_ANSWERED} && join('-', [to_string(id), 'answered', "
            "to_string(last_activity_at)]))"
            " || join('-', [to_string(id), to_string(waiting_since || created_at)])",
            "thread_id": "to_string(id)",
            "is_own": _CHATWOOT_ANSWERED,
            "text": {
                "column": f"(!{_CHATWOOT_ANSWERED} && ({_CHATWOOT_TEXT} || '[no text shown]'))"
                " || ''",
                "html": True,
            },
            "created_at": f"({_CHATWOOT_ANSWERED} && (last_non_activity_message.created_at"
            " || last_activity_at)) || waiting_since || created_at",
            "author": f"(!{_CHATWOOT_ANSWERED} && (meta.sender.name || meta.sender.email"
            " || meta.sender.phone_number)) || ''",
            "author_id": f"(!{_CHATWOOT_ANSWERED} && (meta.sender.email"
            " || meta.sender.phone_number || (meta.sender.id && to_string(meta.sender.id)))) || ''",
            "automatic": f"{_CHATWOOT_ANSWERED} && (last_non_activity_message.message_type == `3`"
            " || last_non_activity_message.sender_type == 'AgentBot')",
            "status": "status",
            "tags": "labels",
        },
        private=True,
    ),
    "intercom": Preset(
        title="Intercom conversations (JSON)",
        how="GET https://api.intercom.io/conversations with a Bearer token",
        format="json",
        items="conversations || data || @",
        map={
            "id": f"({_INTERCOM_ANSWERED} && join('-', [to_string(id), 'answered', "
            "to_string(updated_at)]))"
            " || join('-', [to_string(id), to_string(waiting_since || created_at)])",
            "thread_id": "to_string(id)",
            "is_own": _INTERCOM_ANSWERED,
            "title": {"column": f"(!{_INTERCOM_ANSWERED} && source.subject) || ''", "html": True},
            "text": {
                "column": f"(!{_INTERCOM_ANSWERED} && (source.body || '[no text shown]')) || ''",
                "html": True,
            },
            "created_at": f"({_INTERCOM_ANSWERED} && (statistics.last_admin_reply_at"
            " || statistics.first_admin_reply_at || updated_at)) || waiting_since || created_at",
            "author": "source.author.name || source.author.email",
            "author_id": "source.author.email || (source.author.id && to_string(source.author.id))",
            "status": "state",
        },
        private=True,
    ),
    "crisp": Preset(
        title="Crisp messages (JSON)",
        how="GET /v1/website/WEBSITE/conversation/SESSION/messages, header X-Crisp-Tier: plugin",
        format="json",
        items="data || @",
        map={
            "id": "join('-', [session_id, to_string(fingerprint || timestamp)])",
            "thread_id": "session_id",
            "author": "user.nickname",
            "author_id": "(from == 'user' && session_id) || user.user_id",
            "text": "(type(content) == 'string' && content) || '[no text shown]'",
            "created_at": {"column": "timestamp", "format": "unix_ms"},
            "is_own": {"column": "from", "equals": ["operator"]},
            # Notes among colleagues, and what the chat itself remarks.
            "skip": {"column": "type", "equals": ["note", "event"]},
        },
        private=True,
    ),
    "zendesk_chat": Preset(
        title="Zendesk Chat: chats and offline messages (JSON)",
        how="GET /api/v2/chats or /api/v2/chat/incremental/chats",
        format="json",
        items="chats || @",
        map={
            "id": "to_string(id)",
            "thread_id": "to_string(id)",
            "author": "visitor.name || visitor.email",
            "author_id": "visitor.email || (visitor.id && to_string(visitor.id))",
            "text": "message || join('\n', (history || `[]`)[?sender_type == 'Visitor' && msg].msg)"
            " || '[no text shown]'",
            "created_at": "timestamp",
            # Answered when the last word is ours.
            "replied_at": "history[?msg] | [-1] | [@][?sender_type == 'Agent'] | [0].timestamp",
            "status": "type",
        },
        private=True,
    ),
    "twilio": Preset(
        title="Twilio message log (CSV)",
        how="console, Monitor, Logs, Messaging: export as CSV",
        format="csv",
        map={
            "id": "Sid",
            "author": "From",
            "author_id": "From",
            "to": "To",
            "thread_id": {"columns": ["From", "To"], "sorted": True},
            "text": "Body",
            "created_at": "SentDate",
            "is_own": {
                "column": "Direction",
                "equals": ["outbound", "outbound-api", "outbound-call", "outbound-reply"],
            },
            "status": "Status",
            "skip": {"column": "Status", "equals": ["failed", "undelivered"]},
        },
        private=True,
    ),
    "hubspot": Preset(
        title="HubSpot tickets (CSV)",
        how="the list of tickets, Export, CSV",
        format="csv",
        map={
            "id": "Ticket ID",
            "title": "Ticket name",
            "text": "Ticket description",
            "author": "Associated Contact",
            "created_at": "Create date",
            "replied_at": "Close date",
            "replied": {"column": "Ticket status", "equals": ["closed", "answered"]},
            "status": "Ticket status",
        },
        private=True,
    ),
    "salesforce": Preset(
        title="Salesforce cases (CSV)",
        how="a report over cases, Export, details only, CSV",
        format="csv",
        map={
            "id": "Case Number",
            "title": "Subject",
            "text": "Description",
            "author": "Contact Name",
            "created_at": "Date/Time Opened",
            "replied_at": "Date/Time Closed",
            "replied": {"column": "Status", "equals": ["closed", "answered"]},
            "status": "Status",
        },
        private=True,
    ),
    "zoho": Preset(
        title="Zoho Desk tickets (CSV)",
        how="Setup, Data administration, Export, Tickets",
        format="csv",
        map={
            "id": "Ticket Id",
            "title": "Subject",
            "text": "Description",
            "author": "Contact Name",
            "author_id": "Email",
            "created_at": "Created Time",
            "replied_at": "Ticket Closed Time",
            "replied": {"column": "Status", "equals": ["closed", "answered"]},
            "status": "Status",
        },
        private=True,
    ),
}
