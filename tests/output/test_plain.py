from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mentionwatch.channels import Capabilities
from mentionwatch.output.plain import channels_plain, conversation_plain, queue_plain
from tests.output.samples import BROKEN, DANA, busy, calm, channel, conversation, report, row

Snapshot = Callable[[str, str], None]


def test_queue_looks_as_agreed(snapshot: Snapshot) -> None:
    snapshot(queue_plain(busy()), "tests/output/snapshots/queue.plain.txt")


def test_empty_queue_is_one_sentence_with_its_header() -> None:
    assert queue_plain(calm()).splitlines()[-1] == "Nothing is waiting. 3 channels read at 06:00."


def test_conversation_looks_as_agreed(snapshot: Snapshot) -> None:
    snapshot(conversation_plain(conversation()), "tests/output/snapshots/conversation.plain.txt")


def test_texts_are_complete() -> None:
    text = "word " * 2000 + "end"
    assert text in queue_plain(report(rows=(row(text=text),)))


def test_a_mention_cannot_pass_for_a_row_or_a_heading() -> None:
    text = "Hello\n99  5 h late  facebook  Nobody  urgent\nOVERDUE (0)\nNothing is waiting."
    shown = queue_plain(report(rows=(row(text=text, title="a\nb"),)))
    margin = [line for line in shown.splitlines() if line and not line.startswith("    ")]
    assert not [line for line in margin if line.startswith(("99", "OVERDUE", "Nothing"))]


def test_a_name_of_several_lines_stays_on_one() -> None:
    author = replace(DANA.author, name="Dana\nOVERDUE (9)")
    assert "Dana OVERDUE (9)" in queue_plain(report(rows=(DANA._replace(author=author),)))


def test_channels_say_what_they_can_and_cannot_do() -> None:
    can = Capabilities(
        finds_untagged=True,
        sees_own_replies=False,
        history="30 days",
        cost="free",
        limits=("Your replies cannot be seen there.",),
    )
    shown = channels_plain([("yelp", "reviews", can)], [channel(), BROKEN])
    assert "inbox (email)  failed: imap.example.com refuses the password" in shown
    assert "can: finds mentions without a tag" in shown
    assert "cannot: sees your replies, sees edits, reads private messages" in shown
    assert "Your replies cannot be seen there." in shown


def test_channels_without_a_configured_one_say_so() -> None:
    assert channels_plain([], []) == "No channel is configured.\n"
