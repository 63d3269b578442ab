"""The scorecards of our replies in words: for a pipe, a terminal and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mentionwatch.model.insight import CATEGORIES
from mentionwatch.model.text import one_line, visible
from mentionwatch.output import overview
from mentionwatch.output.report_view import NONE, period_words, problems, reaction_words
from mentionwatch.output.words import HIDDEN_TEXT, LocalTime, count

if TYPE_CHECKING:
    from mentionwatch.model.insight import Card, Category, Point, ReviewReport

SHOWN = 10  # conversations spelled out; JSON has all
_BAR = 20
_TEXT = 300


def headline(report: ReviewReport) -> str:
    """Return the score of the period in a sentence."""
    if report.score is None:
        return "None of our replies can be judged in this period."
    before = f", {report.before:.0f} in the period before" if report.before is not None else ""
    judged = count(report.conversations, "conversation")
    return f"Our answers score {report.score:.0f} of 100 over {judged}{before}."


def facts(report: ReviewReport) -> Iterator[str]:
    """Yield what else there is to say of the period."""
    if report.left_off:
        yield (
            f"{report.conversations:,} were judged, {report.left_off:,} were not: older ones, and "
            "those whose answer cannot be read here."
        )
    if report.conversations:
        yield f"Canned: {report.canned:,} of {report.conversations:,}."
        yield f"After our replies: {reaction_words(report.reactions)}."
    if report.own_score is not None and report.rules_score is not None:
        yield (
            f"Your own verdict on {report.verdicts:,}: {report.own_score:.0f} of 100; "
            f"the rules gave {report.rules_score:.0f}."
        )
    elif report.conversations:
        yield "You have judged none yourself: mentionwatch review --sample 5"


def category_words(one: Category) -> tuple[str, str, str]:
    """Return label, score and to how many it applied."""
    score = NONE if one.score is None else f"{one.score:.0f}"
    return one.label, score, f"{one.applied:,}"


def point_words(point: Point) -> str:
    """Return one point in a line: "0 of 1  apologises: no word of apology"."""
    given = "does not apply" if point.given is None else f"{point.given} of {point.maximum}"
    quote = f": “{one_line(point.quote, 60)}”" if point.quote else ""
    label, _ = CATEGORIES[point.category]
    return f"{given}, {label}: {point.why}{quote}"


def card_head(card: Card, local: LocalTime) -> str:
    """Return "41  facebook, Dana, Thu 16:10: 63 of 100, canned, then angrier"."""
    score = "not judged" if card.score is None else f"{card.score:.0f} of 100"
    extra = [word for word, holds in (("canned", card.canned), ("only a promise", card.holding))
             if holds]  # fmt: skip
    if card.reaction != "none":
        extra.append("then silence" if card.reaction == "silent" else f"then {card.reaction}")
    if card.verdict is not None:
        extra.append(f"you gave {card.verdict} of 5")
    where = f"{one_line(card.channel)}, {one_line(card.author, 40) or 'somebody'}"
    return f"{card.id}  {where}, {local.when(card.answered_at)}: " + ", ".join([score, *extra])


def card_lines(card: Card, local: LocalTime, *, private_text: bool = True) -> Iterator[str]:
    """Yield one scorecard: what was said, what we answered, the points that were lost first."""
    hidden = card.private and not private_text
    yield card_head(card, local)
    yield f"    they: {HIDDEN_TEXT if hidden else one_line(card.said, _TEXT)}"
    yield f"    we:   {HIDDEN_TEXT if hidden else one_line(card.answer, _TEXT)}"
    for point in sorted(card.points, key=lambda p: (p.given is None, p.share or 0.0)):
        if point.given is not None and not (hidden and point.quote):
            yield f"    {point_words(point)}"


def review_plain(report: ReviewReport, *, private_text: bool = True) -> str:
    """Return the review for a pipe, a mail or a screen reader."""
    return visible("\n".join(_lines(report, 0, private_text))) + "\n"


def review_table(
    report: ReviewReport, *, width: int, colour: bool, private_text: bool = True
) -> str:
    """Return the review as a terminal shows it, with bars."""
    from mentionwatch.output.table import page

    drawn = page(width, colour)
    for line in _lines(report, drawn.width, private_text):
        bold = line == headline(report) or (line.isupper() and not line.startswith(" "))
        style = "yellow" if line.startswith(("✗", "!")) else "bold" if bold else ""
        drawn.add_styled(line, style, hang=10 if line.startswith("    ") else 4)
    return drawn.rendered()


def card_table(card: Card, *, width: int, colour: bool) -> str:
    """Return one scorecard for the owner's own verdict."""
    from mentionwatch.output.table import page

    drawn = page(width, colour)
    head, _, _, *points = card_lines(card, LocalTime(None, "UTC"))
    drawn.add_styled(head, "bold", hang=4)
    drawn.add_styled("")
    for title, text in (("They wrote", card.said), ("We answered", card.answer)):
        drawn.add_styled(title, "bold")
        for line in text.strip().split("\n"):
            drawn.add_styled(f"    {line}", hang=4)
    drawn.add_styled("What the rules say", "bold")
    for line in points:
        drawn.add_styled(line, hang=8)
    return drawn.rendered()


def _lines(report: ReviewReport, width: int, private_text: bool) -> list[str]:
    queue = report.queue
    local = overview.local_time(queue)
    lines = [one_line(queue.brand), period_words(report.since, report.until, local), ""]
    lines += [headline(report)]
    incomplete = overview.completeness(queue)
    lines += [incomplete] if incomplete else []
    lines += problems(queue, local)
    if queue.selection:
        lines.append(f"Only what matches “{one_line(queue.selection)}”.")
    lines += facts(report)
    if report.conversations:
        lines += ["", "CATEGORIES", *_category_lines(report.categories, width)]
    if texts := repeated(report, private_text):
        lines += ["", "THE SAME TEXT TO SEVERAL PEOPLE", *texts]
    if report.cards:
        shown = report.cards[:SHOWN]
        more = f", {SHOWN} of {len(report.cards):,}" if len(report.cards) > SHOWN else ""
        lines += ["", f"CONVERSATIONS, THE WEAKEST FIRST{more.upper()}"]
        for card in shown:
            lines += ["", *card_lines(card, local, private_text=private_text)]
    return lines


def _category_lines(categories: Sequence[Category], width: int) -> Iterable[str]:
    label = max(len(one.label) for one in categories)
    room = min(_BAR, max(0, width - label - 28)) if width else 0
    for one in categories:
        name, score, applied = category_words(one)
        if one.score is None:
            yield f"{name:<{label}}  applied to none"
            continue
        filled = round(one.score / 100 * room)
        bar = f"{'█' * filled}{'░' * (room - filled)}  " if room else ""
        yield f"{name:<{label}}  {bar}{score:>3} of 100, {applied} judged"


def repeated(report: ReviewReport, private_text: bool) -> list[str]:
    """Return the texts that went to several people, with their number."""
    private = {card.id for card in report.cards if card.private}
    return [
        f"{one.people:>4} people: {one_line(one.text, _TEXT)}"
        for one in report.repeated
        if private_text or not private & {*one.ids}
    ]


def review_markdown(report: ReviewReport, *, private_text: bool = True) -> str:
    """Return the review as Markdown in which no foreign word can make a link or a heading."""
    from mentionwatch.output.page import escape_markdown as escaped

    queue = report.queue
    local = overview.local_time(queue)
    blocks = [f"# {escaped(one_line(queue.brand))}: review"]
    blocks.append(escaped(period_words(report.since, report.until, local)))
    blocks.append(f"**{escaped(headline(report))}**")
    incomplete = overview.completeness(queue)
    blocks += [f"**{escaped(incomplete)}**"] if incomplete else []
    said = [*problems(queue, local), *facts(report), *repeated(report, private_text)]
    blocks += ["\n".join(f"- {escaped(line)}" for line in said)] if said else []
    rows = [category_words(one) for one in report.categories]
    table = ["| category | score | judged |", "| --- | --- | --- |"]
    table += ["| " + " | ".join(map(escaped, row)) + " |" for row in rows]
    blocks.append("\n".join(table))
    for card in report.cards[:SHOWN]:
        head, *rest = card_lines(card, local, private_text=private_text)
        blocks.append(f"## {escaped(head)}")
        blocks.append("\n".join(f"- {escaped(line.strip())}" for line in rest))
    return visible("\n\n".join(blocks)) + "\n"
