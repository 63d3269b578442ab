from __future__ import annotations

from datetime import timedelta

import pytest

from mentionwatch.config import Event
from mentionwatch.credentials import Secret

SMTP = 'smtp = { host = "smtp.example.com" }\n'
DIGEST = '[digest]\nto = ["owner@acme.example"]\n'


def test_a_digest_with_everything(loaded, tmp_path):
    digest = loaded(
        """
[digest]
to = ["owner@acme.example", "ana@acme.example"]
from = "Acme queue <care@acme.example>"
subject = "Who waits"
period = "week"
items = 20
private_text = true
send_empty = false
unsubscribe = "owner@acme.example"

[digest.smtp]
host = "smtp.example.com"
username = "hello"
password = "env:SMTP"
ca_file = "ca.pem"
timeout = "1m"
"""
    ).digest
    assert digest.to == ("owner@acme.example", "ana@acme.example")
    assert digest.sender == "Acme queue <care@acme.example>"
    assert (digest.subject, digest.period, digest.items) == ("Who waits", "week", 20)
    assert (digest.private_text, digest.send_empty) == (True, False)
    assert (digest.smtp.host, digest.smtp.port, digest.smtp.tls) == ("smtp.example.com", 465, "ssl")
    assert digest.smtp.password == Secret("env:SMTP")
    assert digest.smtp.ca_file == tmp_path / "ca.pem"
    assert digest.smtp.timeout == 60.0


@pytest.mark.parametrize(
    ("text", "port", "tls"),
    [
        ("", 465, "ssl"),
        ('tls = "starttls"', 587, "starttls"),
        ("port = 587", 587, "starttls"),
        ('port = 587\ntls = "ssl"', 587, "ssl"),
        ("port = 2465", 2465, "ssl"),
    ],
)
def test_port_and_tls_go_together(loaded, text, port, tls):
    smtp = loaded(DIGEST + '[digest.smtp]\nhost = "smtp.example.com"\n' + text).digest.smtp
    assert (smtp.port, smtp.tls) == (port, tls)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_mail_in_the_clear_stays_on_this_machine(loaded, host):
    text = DIGEST + f'smtp = {{ host = "{host}", tls = "none", port = 1025 }}'
    assert loaded(text).digest.smtp.tls == "none"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('[digest]\nto = ["owner"]\n' + SMTP, "digest.to[1]", "mail address"),
        ('[digest]\nto = ["a@b.example\\nBcc: x@y.example"]\n' + SMTP, "digest.to[1]", "mail"),
        (DIGEST, "digest", "either smtp or sendmail"),
        (DIGEST + SMTP + 'sendmail = ["sendmail"]', "digest", "not both"),
        (DIGEST + "sendmail = []", "digest.sendmail", "name a program"),
        (DIGEST + "smtp = { port = 25 }", "digest.smtp.host", "is missing"),
        (DIGEST + 'smtp = { host = "h", port = 99999 }', "digest.smtp.port", "65535"),
        (DIGEST + 'smtp = { host = "h", tls = "tsl" }', "digest.smtp.tls", '"starttls"'),
        (DIGEST + 'smtp = { host = "h", tls = "none" }', "digest.smtp.tls", "localhost"),
        (DIGEST + 'smtp = { host = "h", username = "u" }', "digest.smtp.password", "is missing"),
        (DIGEST + 'smtp = { host = "h", password = "p" }', "digest.smtp.username", "is missing"),
        (DIGEST + SMTP + 'subject = "a\\nb"', "digest.subject", "one line"),
        (DIGEST + SMTP + 'period = "month"', "digest.period", '"week"'),
        (DIGEST + SMTP + 'form = "a@b.example"', "digest.form", 'did you mean "from"?'),
    ],
)
def test_faults_of_a_digest(the_problem, text, key, words):
    problem = the_problem(text)
    assert problem.key == key
    assert words in str(problem)


def test_alerts_with_everything(loaded):
    ntfy, slack, second, hook, many = loaded(
        """
[[notify]]
to = "ntfy"
url = "file:~/.secrets/ntfy-url"
topic = "env:TOPIC"
token = "env:NTFY"
when = ["new:urgent", "overdue:high", "due-soon:normal", "channel:failed", "channel:stale", "spike"]
quiet = "22:00-07:00"
items = 5

[[notify]]
to = "slack"
url = "env:SLACK"
when = ["overdue:urgent"]
private_text = true

[[notify]]
to = "slack"
url = "env:SLACK2"
when = []

[[notify]]
name = "zap"
to = "webhook"
url = "https://hooks.example/1"
secret = "env:HOOK"
headers = { X-Shop = "1" }
when = ["spike"]

[[notify]]
to = "apprise"
urls = ["env:TELEGRAM", "env:PUSH"]
when = ["spike"]
"""
    ).notify
    assert [one.name for one in (ntfy, slack, second, hook, many)] == [
        "ntfy",
        "slack",
        "slack-2",
        "zap",
        "apprise",
    ]
    assert ntfy.when[0] == Event(kind="new", level="urgent")
    assert [str(event) for event in ntfy.when[2:]] == [
        "due-soon:normal",
        "channel:failed",
        "channel:stale",
        "spike",
    ]
    assert ntfy.quiet == (1320, 1860)
    assert (ntfy.public_text, slack.public_text) == (False, True)
    assert (ntfy.private_text, slack.private_text) == (False, True)
    assert hook.secret == Secret("env:HOOK")
    assert list(hook.headers) == ["X-Shop"]
    assert many.urls == (Secret("env:TELEGRAM"), Secret("env:PUSH"))
    assert many.url is None


NOTIFY = '[[notify]]\nto = "slack"\nurl = "env:S"\nwhen = ["spike"]\n'


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (NOTIFY.replace("slack", "slak"), "notify[1].to", 'did you mean "slack"?'),
        (NOTIFY.replace('url = "env:S"\n', ""), "notify[1].url", "is missing"),
        (NOTIFY.replace("spike", "new:urgnt"), "notify[1].when[1]", 'did you mean "new:urgent"?'),
        (NOTIFY.replace('when = ["spike"]\n', ""), "notify[1].when", "is missing"),
        (NOTIFY + 'topic = "x"', "notify[1].topic", 'only for to = "ntfy"'),
        (NOTIFY + 'quiet = "22-7"', "notify[1].quiet", "HH:MM"),
        (NOTIFY + 'name = "a"\n' + NOTIFY + 'name = "a"', "notify[2].name", "another one"),
        (NOTIFY.replace("slack", "apprise"), "notify[1].url", "urls"),
        ('notify = 1\n[brand]\nname = "A"', "notify", "[[notify]]"),
        ("[notify]\nto = 1", "notify", "[[notify]]"),
    ],
)
def test_faults_of_an_alert(problems, text, key, words):
    found = {problem.key: str(problem) for problem in problems(text)}
    assert words in found[key]


DESK = """
[handoff.desk]
preset = "zendesk"
url = "https://{options.subdomain}.zendesk.com/tickets.json"
options = { subdomain = "acme", version = 3 }
headers = { Idempotency-Key = "mentionwatch-{mention.uid}" }
body = { ticket = { subject = "{mention.title}", comment = { public = false } } }
result_id = "ticket.id"
result_url = "join('', ['https://acme.example/', to_string(ticket.id)])"
when = ["new:urgent"]

[handoff.desk.auth]
type = "oauth2_client_credentials"
token_url = "https://acme.example/token"
client_id = "c"
client_secret = "env:S"
scope = "w"
"""


def test_a_hand_off_with_everything(loaded):
    (desk,) = loaded(DESK, mode=0o644).handoffs
    assert (desk.name, desk.preset, desk.method) == ("desk", "zendesk", "POST")
    assert desk.options == {"subdomain": "acme", "version": "3"}
    assert desk.auth.client_secret == Secret("env:S")
    assert desk.body == {"ticket": {"subject": "{mention.title}", "comment": {"public": False}}}
    assert desk.when == (Event(kind="new", level="urgent"),)


def test_a_template_in_a_header_is_no_secret_to_warn_of(loaded):
    assert loaded(DESK, mode=0o644).warnings == ()


def test_hand_offs_as_a_list(loaded):
    text = '[[handoff]]\nname = "a"\nurl = "env:U"\n[[handoff]]\nname = "b"\npreset = "hubspot"\n'
    assert [one.name for one in loaded(text).handoffs] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[handoff.x]\n", "handoff.x.url", "is missing"),
        ('[handoff.x]\npreset = "zendsk"', "handoff.x.preset", 'did you mean "zendesk"?'),
        (
            '[handoff.x]\nurl = "u"\nauth = { type = "basic", username = "u" }',
            "handoff.x.auth.password",
            "is missing",
        ),
        (
            '[handoff.x]\nurl = "u"\nauth = { type = "bearer", token = "t", scope = "s" }',
            "handoff.x.auth.scope",
            "not a known",
        ),
        (
            '[handoff.x]\nurl = "u"\nauth = { type = "oauth" }',
            "handoff.x.auth.type",
            "did you mean",
        ),
        ('[handoff.x]\nurl = "u"\nresult_id = "a.["', "handoff.x.result_id", "JMESPath"),
        ('[handoff.x]\nurl = "u"\nbody = "x"', "handoff.x.body", "table"),
        ('[[handoff]]\nurl = "u"', "handoff[1].name", "is missing"),
        ('[[handoff]]\nname = "a"\nurl = "u"\n' * 2, "handoff[2].name", "another one"),
        ('handoff = 3\n[brand]\nname = "A"', "handoff", "[[handoff]]"),
    ],
)
def test_faults_of_a_hand_off(problems, text, key, words):
    found = {problem.key: str(problem) for problem in problems(text)}
    assert words in found[key]


def test_saved_replies(loaded, the_problem):
    text = (
        '[replies.sorry]\ntext = "Hello {name}"\nwhen = ["complaint"]\n[replies.any]\ntext = "x"\n'
    )
    sorry, any_ = loaded(text).saved_replies
    assert (sorry.name, sorry.text, sorry.when) == ("sorry", "Hello {name}", ("complaint",))
    assert any_.when == ()
    assert the_problem("[replies.sorry]\nwhen = []").key == "replies.sorry.text"
    problem = the_problem('[replies.sorry]\ntext = "x"\nwhen = ["complain"]')
    assert problem.hint == 'did you mean "complaint"?'


def test_watch_has_its_usual_values(loaded):
    assert loaded("").watch is None
    watch = loaded("[watch]\n").watch
    assert (watch.every, watch.digest_at, watch.ping) == (timedelta(minutes=10), None, None)


def test_watch_is_read(loaded):
    watch = loaded(
        '[watch]\nevery = "1h"\ndigest_at = "07:30"\nping = "env:PING"\n', PING="x"
    ).watch
    assert (watch.every, watch.digest_at) == (timedelta(hours=1), 450)
    assert watch.ping.source == "environment variable PING"


@pytest.mark.parametrize(
    "line", ['every = "10s"', 'every = "2d"', "every = 10", 'digest_at = "7:00"', "digest_at = 700"]
)
def test_watch_refuses_other_times(the_problem, line):
    assert the_problem(f"[watch]\n{line}\n").key == f"watch.{line.split()[0]}"
