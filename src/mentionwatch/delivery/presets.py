"""
What each help desk wants: address, body, where the ticket's number stands, how to find it again.

Sources: developer.zendesk.com/api-reference/ticketing/tickets, developers.freshdesk.com/api,
developers.hubspot.com/docs/api-reference/crm-tickets-v3, developer.salesforce.com (REST API,
"Insert or Update (Upsert) a Record"), developers.chatwoot.com (client APIs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """
    How one system takes a conversation.

    ``body``: a tree whose texts hold places; None: the standard object. ``link``: the ticket's
    address, from {result.id} and {origin}. ``found``: GET this, and ``found_id`` (JMESPath) is the
    ticket of an earlier try. ``repeatable``: the system takes the same hand-off twice for one.
    ``defaults``: of options. ``upsert``: the address with which a repetition changes the first.
    """

    url: str = ""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    result_id: str = "id"
    result_url: str = ""
    link: str = ""
    link_needs: str = ""
    found: str = ""
    found_id: str = ""
    repeatable: bool = False
    upsert: str = ""
    upsert_needs: str = ""
    token_as_json: bool = False


_PRIORITIES = ("urgent", "high", "normal", "low")
# The words and numbers of each system for our four priorities.
PRIORITY_WORDS: Mapping[str, Mapping[str, Any]] = {
    "zendesk": dict(zip(_PRIORITIES, _PRIORITIES, strict=True)),
    "freshdesk": dict(zip(_PRIORITIES, (4, 3, 2, 1), strict=True)),
    "hubspot": dict(zip(_PRIORITIES, ("HIGH", "HIGH", "MEDIUM", "LOW"), strict=True)),
    "salesforce": dict(zip(_PRIORITIES, ("High", "High", "Medium", "Low"), strict=True)),
}

PRESETS: Mapping[str, Preset] = {
    # No requester: naming one makes Zendesk write to the customer. The note is private for the
    # same reason.
    "zendesk": Preset(
        url="https://{options.subdomain}.zendesk.com/api/v2/tickets.json",
        headers={"Idempotency-Key": "{mention.uid}"},
        body={
            "ticket": {
                "subject": "{mention.title}",
                "comment": {"body": "{mention.transcript}", "public": False},
                "external_id": "{mention.uid}",
                "priority": "{mention.priority_word}",
                "tags": ["mentionwatch", "{mention.type}"],
            }
        },
        result_id="ticket.id",
        link="{origin}/agent/tickets/{result.id}",
        found="{origin}/api/v2/tickets.json?external_id={mention.uid}",
        found_id="tickets[0].id",
        repeatable=True,
        token_as_json=True,
    ),
    # The tag is short enough for a tag (32), and by it the ticket is found again.
    "freshdesk": Preset(
        url="https://{options.subdomain}.freshdesk.com/api/v2/tickets",
        body={
            "subject": "{mention.title}",
            "description": "{mention.transcript_html}",
            "unique_external_id": "{mention.contact}",
            "name": "{mention.author}",
            "status": 2,
            "source": 2,
            "priority": "{mention.priority_word}",
            "tags": ["mentionwatch", "{mention.uid}"],
        },
        link="{origin}/a/tickets/{result.id}",
        found="{origin}/api/v2/search/tickets?query=%22tag:%27{mention.uid}%27%22",
        found_id="results[0].id",
    ),
    "hubspot": Preset(
        url="https://api.hubapi.com/crm/objects/{options.version}/tickets",
        defaults={"version": "2026-09", "pipeline": "0", "stage": "1"},
        body={
            "properties": {
                "subject": "{mention.title}",
                "content": "{mention.transcript}",
                "hs_pipeline": "{options.pipeline}",
                "hs_pipeline_stage": "{options.stage}",
                "hs_ticket_priority": "{mention.priority_word}",
            }
        },
        link="https://app.hubspot.com/contacts/{options.portal}/record/0-5/{result.id}",
        link_needs="portal",
    ),
    "salesforce": Preset(
        url="{options.instance}/services/data/v{options.version}/sobjects/Case",
        defaults={"version": "67.0"},
        body={
            "Subject": "{mention.title}",
            "Description": "{mention.transcript}",
            "Origin": "Web",
            "Status": "New",
            "Priority": "{mention.priority_word}",
            "SuppliedName": "{mention.author}",
        },
        link="{origin}/lightning/r/Case/{result.id}/view",
        upsert="{url}/{options.external_id_field}/{mention.uid}",
        upsert_needs="external_id_field",
    ),
    # The public API of an inbox: three steps, each of which finds what an earlier try left.
    "chatwoot": Preset(
        url="{options.base_url}/public/api/v1/inboxes/{options.inbox}",
        link="{origin}/app/accounts/{options.account}/conversations/{result.id}",
        link_needs="account",
        repeatable=True,
    ),
    "webhook": Preset(
        headers={"Idempotency-Key": "{mention.uid}"}, result_url="url", repeatable=True
    ),
}
