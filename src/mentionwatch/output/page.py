"""
The queue as one HTML page, as Markdown, and through a template of the owner's own.

The page asks nothing of the network and works without scripts; its content security policy names
the one style and the one script by their hashes, so that nothing else could run even if a mention
got past the escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentionwatch.errors import ExportError
from mentionwatch.model.score import PRIORITIES
from mentionwatch.model.text import one_line, visible
from mentionwatch.output import overview, words
from mentionwatch.output.template import html_template, part, policy_hash
from mentionwatch.output.words import LocalTime

if TYPE_CHECKING:
    from mentionwatch.model.report import ChannelState, QueueReport, QueueRow
    from mentionwatch.output.overview import Section

_LONG = 900  # characters of a text after which the rest is folded away
_TEMPLATE = "<template>"  # what Jinja2 calls a template that is not a file


def queue_html(report: QueueReport, *, private_text: bool = True) -> str:
    """
    Return the queue as one self-contained page.

    Args:
        report: What is shown.
        private_text: Whether private messages may be read there; False for pages that are shared.
    """
    from markupsafe import Markup

    style, script = part("queue.css"), part("queue.js")
    page = html_template("queue.html.jinja").render(
        **_view(report if private_text else words.hide_private(report)),
        style=Markup(style),  # noqa: S704 - both are files of this package
        script=Markup(script),  # noqa: S704
        policy=f"default-src 'none'; style-src {policy_hash(style)}; "
        f"script-src {policy_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
    )
    return visible(page) + "\n"


def queue_markdown(report: QueueReport, *, private_text: bool = True) -> str:
    """
    Return the queue as Markdown in which no mention can make a link, a heading or HTML.

    Args:
        report: What is shown.
        private_text: Whether private messages may be read there.
    """
    report = report if private_text else words.hide_private(report)
    local = overview.local_time(report)
    brand, *rest = map(escape_markdown, overview.header(report, local))
    summary = overview.summary_sentence(report, local)
    answered = overview.answered_sentence(report)
    incomplete = overview.completeness(report)
    blocks = [f"# {brand}", " · ".join(rest)]
    blocks.append(f"**{escape_markdown(summary)}** {escape_markdown(answered)}".strip())
    blocks += [f"**{escape_markdown(incomplete)}**"] if incomplete else []
    lines = [_problem_markdown(line) for line in overview.channel_lines(report, local)]
    lines += [f"- ! {escape_markdown(one_line(notice))}" for notice in report.notices]
    blocks += ["\n".join(lines)] if lines else []
    for section in overview.sections(report):
        blocks.append(f"## {escape_markdown(section.heading)}")
        blocks += [_row_markdown(row, local) for row in section.rows]
    blocks += [f"{escape_markdown(said)} `{command}`" for said, command in overview.advice(report)]
    blocks.append(_channels_markdown(report.channels, local))
    return visible("\n\n".join(blocks)) + "\n"


def render_template(
    source: str, report: QueueReport, *, private_text: bool = True, name: str = "template"
) -> str:
    """
    Return what a Jinja2 template of the owner's makes of the queue; docs/output.md names its words.

    It runs in a sandbox, sees plain values only, and everything it prints is escaped for HTML.

    Args:
        source: The template's text.
        report: What it shows.
        private_text: Whether the texts of private messages are given to it.
        name: Names the template in errors.

    Raises:
        ExportError: The template is wrong; names the line.
    """
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    local = overview.local_time(report)
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.filters |= {
        "when": lambda at: local.when(datetime.fromisoformat(at)) if at else "",
        "late": words.late,
        "span": words.span,
        "link": words.safe_url,
    }
    try:
        template = environment.from_string(source)
        return visible(template.render(_template_words(report, local, private_text)))
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
    ) as e:
        what = one_line(str(e)) or type(e).__name__
        raise ExportError(
            f"{name}:{_line_of(e)}: {what}", hint="docs/output.md lists what a template may use"
        ) from e


def escape_markdown(text: str) -> str:
    """
    Return foreign text in which Markdown has no meaning, line by line.

    A zero-width space breaks what renderers turn into links without any markup: addresses, mails
    and "@names", which on some sites call people.
    """
    return "\n".join(map(_escape_line, text.split("\n")))


# What has a meaning anywhere in a line, and what has one only at its start.
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~&$^{}]")
_AT_START = re.compile(r"^([-+=:]|\d+[.)])")
_DOMAIN = re.compile(r"(?<=\w)\.(?=\w)")
_LINK = re.compile(r":(?=//)|(?<=www)(?=\\?\.)|(?<=@)(?=\w)", re.IGNORECASE)


def _escape_line(line: str) -> str:
    line = _MARKUP.sub(r"\\\g<0>", line.strip())
    line = _AT_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", line)
    return _LINK.sub(r"\g<0>&#8203;", _DOMAIN.sub(r"\\.", line))


def _problem_markdown(line: overview.ChannelLine) -> str:
    way_out = escape_markdown(line.way_out)
    if line.is_command:
        way_out = f"`{line.way_out.replace('`', '')}`"
    way_out = f" → {way_out}" if way_out else ""
    return (
        f"- {line.mark} **{escape_markdown(line.name)}** {escape_markdown(line.sentence)}{way_out}"
    )


def _row_markdown(row: QueueRow, local: LocalTime) -> str:
    who = words.author_in_full(row.author) + words.behind_author(row)
    stand = [str(row.id), words.due_words(row, local), words.channel_words(row), who, row.priority]
    head = "### " + " · ".join(map(escape_markdown, stand))
    title = words.title_words(row)
    text = [f"**{escape_markdown(title)}**"] if title else []
    text += escape_markdown(words.text_words(row)).split("\n")
    # A backslash keeps the writer's line break.
    quote = "\\\n".join(f"> {line}" if line else ">" for line in text).replace(">\\\n", ">\n")
    why = words.reason_words(row.reasons, most=len(row.reasons)) + words.facts(row)
    below = [f"- {escape_markdown(reason)}" for reason in why]
    below.append(f"- {escape_markdown(words.waiting_words(row, local))}")
    if url := words.safe_url(row.url):
        below.append(f"- [open on {escape_markdown(words.host(row.url))}](<{url}>)")
    return "\n\n".join([head, quote, "\n".join(below)])


def _channels_markdown(states: Iterable[ChannelState], local: LocalTime) -> str:
    lines = [
        f"| {escape_markdown(one_line(s.name))} | {escape_markdown(s.status)} | {_read(s, local)} |"
        for s in states
    ]
    table = ["| channel | state | last read |", "| --- | --- | --- |", *lines]
    return "## CHANNELS\n\n" + ("\n".join(table) if lines else "No channel is configured.")


def _view(report: QueueReport) -> dict[str, Any]:
    """Return the words of the page, all of them plain text."""
    local = overview.local_time(report)
    brand, *header = overview.header(report, local)
    order = {row.id: place for place, row in enumerate(report.rows)}
    names = dict.fromkeys(words.channel_words(row) for row in report.rows)
    used = {row.priority for row in report.rows}
    return {
        "brand": brand,
        "header": header,
        "summary": overview.summary_sentence(report, local),
        "answered": overview.answered_sentence(report),
        "incomplete": overview.completeness(report),
        "selection": one_line(report.selection),
        "problems": overview.channel_lines(report, local),
        "notices": list(map(one_line, report.notices)),
        "channel_names": list(names),
        "priorities": [name for name in PRIORITIES if name in used],
        "sections": [_section_view(s, local, order) for s in overview.sections(report)],
        "advice": overview.advice(report),
        "channels": [
            {"name": one_line(s.name), "status": s.status, "read": _read(s, local)}
            for s in report.channels
        ],
        "read_at": local.full(report.generated_at),
        "timezone": report.timezone,
    }


def _section_view(section: Section, local: LocalTime, order: dict[int, int]) -> dict[str, Any]:
    rows = [_row_view(row, local) | {"order": order[row.id]} for row in section.rows]
    return {"css": section.name.replace("_", "-"), "heading": section.heading, "rows": rows}


def _row_view(row: QueueRow, local: LocalTime) -> dict[str, Any]:
    text = words.text_words(row)
    cut = len(text) if len(text) <= _LONG * 1.2 else text.rfind(" ", _LONG // 2, _LONG) + 1 or _LONG
    rating = f"{row.rating:g} of {row.rating_max:g} stars" if row.rating is not None else ""
    return {
        "id": row.id,
        "due": words.due_words(row, local),
        "channel": words.channel_words(row),
        "channel_words": words.channel_words(row),
        "site": words.host(row.url),
        "priority": row.priority,
        "urgency": row.urgency,
        "since": int((row.waiting_since or row.published_at).timestamp()),
        "author": words.author_in_full(row.author),
        "messages": words.count(row.messages, "message") if row.messages > 1 else "",
        "private": row.private,
        "stars": words.stars(row.rating, row.rating_max),
        "stars_in_words": rating,
        "title": words.title_words(row),
        "text": text[:cut].rstrip(),
        "text_rest": text[cut:].lstrip(),
        "why": words.reason_words(row.reasons) + words.facts(row),
        "waiting": words.waiting_words(row, local),
        "url": words.safe_url(row.url),
    }


def _template_words(report: QueueReport, local: LocalTime, private_text: bool) -> dict[str, Any]:
    from mentionwatch.output.records import queue_dict

    return {
        **queue_dict(report if private_text else words.hide_private(report)),
        "summary_sentence": overview.summary_sentence(report, local),
        "completeness": overview.completeness(report),
        "header": overview.header(report, local),
    }


def _read(state: ChannelState, local: LocalTime) -> str:
    return local.exact(state.last_success_at) if state.last_success_at else "never"


def _line_of(error: BaseException) -> int:
    """Return the line of the template in which an error arose; 0 where it cannot be told."""
    line = int(getattr(error, "lineno", 0) or 0)
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == _TEMPLATE:
            line = step.tb_lineno
        step = step.tb_next
    return line
