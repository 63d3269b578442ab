"""Texts that would do something if they arrived as anything but plain characters."""

from __future__ import annotations

HOSTILE = {
    "html": '<img src=x onerror=alert(1)><script>alert("x")</script></td></table>',
    "headers": "Hello\r\nBcc: victim@evil.example\r\n\r\nSubject: mine",
    "formula": '=HYPERLINK("http://evil.example","click")',
    "ansi": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "bidi": "pay \u202egnp.exe\u202c now",
    "everyone": "@everyone @here look",
    "slack": "<!channel> <@U123> <http://evil.example|your bank>",
    "markdown": "**bold** [your bank](http://evil.example) `code` # title",
    "template": "{{ 7*7 }} {% raw %} {options.token} {mention.uid}",
    "dot": ".\r\n.\r\nQUIT",
}
