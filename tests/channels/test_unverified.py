"""What a channel takes for granted of a platform though nobody could check it: it is listed."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from mentionwatch.channels import BUILTIN, load
from mentionwatch.output.channels import HEADING
from tests.shop import ROOT, run

CHANNELS = ROOT / "src/mentionwatch/channels"
# Nothing of it is anybody else's: the protocol of `exec` is our own, and documented in docs/.
OURS = {"exec"}
# What the code relies on most, and no document or recording shows; out of here only with the code.
RELIED_ON = {
    "app_store": ("createdDate", "im:rating", "lastModifiedDate"),
    "bluesky": ("InvalidToken", "chat.bsky.convo.listConvos"),
    "discord": ("after", "min_id", "replied_to_user_id"),
    "discourse": ("/session/current.json", "notification_type", "offset", "reply_to_user"),
    "facebook": ("/debug_token", "error_subcode", "from", "message_tags", "reverse_chronological"),
    "google_business": ("policyViolation", "reviewMediaItems", "reviewReplyState", "updateTime"),
    "helpdesk": ("before", "deleted", "failed", "updated_at"),
    "instagram": ("/tags", "comments_count", "updated_time"),
    "lemmy": ("comment_view", "post_view", "url_content_type"),
    "linkedin": ("commentUrn", "commentary", "parentComment", "share"),
    "reddit": ("/message/inbox/.rss", "/message/sent", "first_message_name", "url:"),
    "sms_voice": ("next_page_uri",),
    "stackexchange": ("/mentioned", "/search/excerpts", "throttle_violation"),
    "telegram": ("https://t.me/", "update_id"),
    "threads": ("hide_status", "quoted_post", "replied_to", "reply_audience"),
    "tiktok": ("ChatHistory", "VideoList"),
    "tripadvisor": ("owner_response",),
    "trustpilot": ("companyReply", "updatedAt"),
    "whatsapp": ("from_user_id", "message_echoes"),
    "x": ("credits-depleted", "media_key", "sender_id", "url:"),
    "yelp": ("new_business_id", "time_created", "total"),
    "youtube": ("/community?lc=", "ipRefererBlocked", "q"),
}
NAMED = re.compile(r"`([^`]+)`")
SHARED = re.compile(r"mentionwatch\.channels(?:\.(_\w+)| import (_\w+))")
DATA = {"_http_settings": "http_presets.toml", "_mail_forms": "mail_presets.toml"}


def notes_of(channel_type: str) -> tuple[str, ...]:
    module = import_module(load(channel_type).__module__)
    return getattr(module, "UNVERIFIED", ())


def section_of(page: str, channel_type: str) -> str:
    return page.partition(f"\n## {channel_type}\n")[2].partition("\n## ")[0]


@cache
def code_of(channel_type: str) -> str:
    """Return the source of a channel and of the modules that it shares, without its notes."""
    found, wanted = {}, [channel_type]
    while wanted:
        name = wanted.pop()
        if name in found or not (CHANNELS / f"{name}.py").exists():
            continue
        found[name] = without_notes(CHANNELS / f"{name}.py")
        wanted += [one or other for one, other in SHARED.findall(found[name])]
    data = [(CHANNELS / DATA[name]).read_text("utf-8") for name in found if name in DATA]
    return "\n".join([*found.values(), *data])


@cache
def without_notes(path: Path) -> str:
    source = path.read_text("utf-8")
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "UNVERIFIED":
            lines[node.lineno - 1 : node.end_lineno] = []
    return "\n".join(lines)


@pytest.mark.parametrize("channel_type", BUILTIN)
def test_every_channel_says_what_was_not_verified(channel_type: str) -> None:
    assert bool(notes_of(channel_type)) == (channel_type not in OURS)


@pytest.mark.parametrize("channel_type", BUILTIN)
def test_each_note_is_a_sentence_that_says_what_happens_otherwise(channel_type: str) -> None:
    notes = notes_of(channel_type)
    assert isinstance(notes, tuple) and len(set(notes)) == len(notes)
    for note in notes:
        assumed, _, otherwise = note.partition("; otherwise ")
        assert len(assumed) > 15 and len(otherwise) > 9, note
        assert note.count("; otherwise ") == 1 and note.count("`") % 2 == 0, note
        assert note == " ".join(note.split()) and not note.endswith("."), note
        assert len(note) <= 320, note


@pytest.mark.parametrize("channel_type", BUILTIN)
def test_what_a_note_names_stands_in_the_code(channel_type: str) -> None:
    code = code_of(channel_type)
    named = {one for note in notes_of(channel_type) for one in NAMED.findall(note)}
    parts = {part for one in named for part in re.findall(r"[A-Za-z_][\w-]+", one)}
    assert {part for part in parts if part not in code} == set()


@pytest.mark.parametrize("channel_type", RELIED_ON)
def test_what_is_relied_on_most_is_listed(channel_type: str) -> None:
    named = {one for note in notes_of(channel_type) for one in NAMED.findall(note)}
    code = code_of(channel_type)
    assert [one for one in RELIED_ON[channel_type] if one not in named or one not in code] == []


@pytest.mark.parametrize("channel_type", BUILTIN)
def test_the_page_lists_them_apart_from_the_limits(channel_type: str) -> None:
    section = section_of((ROOT / "docs/channels.md").read_text("utf-8"), channel_type)
    _, heading, listed = section.partition(HEADING)
    notes = notes_of(channel_type)
    assert bool(heading) == bool(notes)
    assert re.findall(r"^- (.*)$", listed.partition("\nKeys: ")[0], re.MULTILINE) == list(notes)
    for limit in load(channel_type).capabilities.limits:
        assert limit not in listed


@pytest.mark.parametrize("channel_type", BUILTIN)
def test_the_steps_to_a_credential_name_them_too(channel_type: str) -> None:
    said = run("channels", "setup", channel_type).out
    assert [note for note in notes_of(channel_type) if note not in said] == []
    assert (HEADING in said) == (channel_type not in OURS)
