from __future__ import annotations

from datetime import timedelta

import pytest

from mentionwatch.config import Found, load
from mentionwatch.core.business_hours import Target
from mentionwatch.errors import ConfigError, ExitCode

EIGHT_FAULTS = """\
[brand]
nmae = "Acme Coffee"
terms = ["Acme", "/acme(/"]

[hours]
timezone = "Europe/Londn"
mon-fri = ["08:00-12:00", "11:00-18:00"]

[targets]
social = { urgent = "1d" }

[queue]
merge_window = 72

[channels.inbox]
type = "e-mail"

[rulez]
disable = []
"""


def test_eight_faults_of_eight_kinds_are_eight_problems_with_their_lines(problems):
    found = problems(EIGHT_FAULTS)
    assert [(problem.line, problem.key) for problem in found] == [
        (2, "brand.nmae"),
        (3, "brand.terms[2]"),
        (6, "hours.timezone"),
        (7, "hours.mon-fri"),
        (10, "targets.social.urgent"),
        (13, "queue.merge_window"),
        (16, "channels.inbox.type"),
        (18, "rulez"),
    ]
    hints = {problem.key: problem.hint for problem in found}
    assert hints["brand.nmae"] == 'did you mean "name"?'
    assert hints["hours.timezone"] == 'did you mean "Europe/London"?'
    assert hints["channels.inbox.type"] == 'did you mean "email"?'
    assert hints["rulez"] == 'did you mean "rules"?'
    assert "1bd" in str(found[4])
    assert all(problem.path.endswith("acme.toml") for problem in found)


def test_the_error_prints_every_problem_and_ends_with_78(loaded):
    with pytest.raises(ConfigError) as caught:
        loaded(EIGHT_FAULTS)
    text = str(caught.value)
    assert text.count("acme.toml:") == 8
    assert "acme.toml:7: hours.mon-fri: 11:00 lies within" in text
    assert caught.value.exit_code == ExitCode.CONFIG


def test_a_name_alone_is_a_configuration(loaded):
    config = loaded('[brand]\nname = "Acme"')
    assert config.brand.terms == ("Acme",)
    assert config.hours.always_open
    assert config.hours.timezone == "UTC"
    assert config.channels == ()
    assert config.digest is None
    assert config.warnings == ()
    assert config.queue.merge_window == timedelta(hours=72)
    assert config.queue.reopen_within == timedelta(days=30)
    assert config.queue.first_run == timedelta(days=3)
    assert config.queue.follow_up == Target(business_days=1)


@pytest.mark.parametrize(
    ("family", "written"),
    [
        ("social", "30m 1h 1h 4h"),
        ("direct", "1h 2h 4h 1bd"),
        ("reviews", "4h 1bd 1bd 2bd"),
        ("forums", "4h 1bd 1bd 2bd"),
    ],
)
def test_default_targets_are_those_of_the_design(loaded, family, written):
    targets = loaded("").targets.by_family[family]
    assert " ".join(str(targets[name]) for name in ("urgent", "high", "normal", "low")) == written


def test_one_target_changes_and_the_others_stay(loaded):
    targets = loaded('[targets]\nsocial = { high = "2h" }').targets
    assert targets.of("social", "high") == Target(minutes=120)
    assert targets.of("social", "low") == Target(minutes=240)
    assert targets.of("social", "low", {"low": Target(minutes=5)}) == Target(minutes=5)


def test_without_a_brand_the_file_is_incomplete(write):
    with pytest.raises(ConfigError, match=r"brand: is missing"):
        load(Found(path=write("[hours]\n")), {})


def test_a_misspelt_section_is_one_problem(write):
    with pytest.raises(ConfigError) as caught:
        load(Found(path=write('[brnad]\nname = "Acme"')), {})
    (problem,) = caught.value.problems
    assert (problem.line, problem.key, problem.hint) == (1, "brnad", 'did you mean "brand"?')


def test_an_empty_file_is_incomplete(write):
    with pytest.raises(ConfigError, match=r"brand: is missing"):
        load(Found(path=write("")), {})


def test_a_byte_order_mark_is_tolerated(write):
    path = write(b"\xef\xbb\xbf" + b'[brand]\r\nname = "Acme"\r\n')
    assert load(Found(path=path), {}).brand.name == "Acme"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[brand]\nname = Acme"', 2, "texts stand in quotes"),
        ('[brand]\nname = "A"\nname = "B"', 3, "only once"),
        ('[brand]\nname = "C:\\Users\\x"', 2, "backslash"),
        ('[brand]\nname = "Acme', 2, "ends on the line"),
        ('[brand]\nname = "A"\nterms = ["a",\n', 4, "list"),
        ("[brand]\njust words", 2, "looks like this"),
        ('[brand]\nname = "A"\n[brand]\nx = 1', 3, "only once"),
        ("[brand]\nname = \x01", 2, ""),
        ("x = " + "[" * 5000, 0, "nested"),
        ("x = " + "9" * 5000, 0, ""),
        ("a" + ".a" * 5000 + " = 1", 0, "nested"),
        ("x = " + "[" * 50 + "]" * 50, 0, "nested more than"),
    ],
)
def test_text_that_is_not_toml_names_its_line(the_problem, text, line, words):
    problem = the_problem("# [brand]\n" + text if line == 0 else text)
    assert problem.line == line
    assert words in str(problem)


def test_latin_1_names_the_line_and_the_way_out(write):
    path = write('[brand]\nname = "Café"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"acme.toml:2: is not UTF-8 .* Latin-1\n.*encoding"):
        load(Found(path=path), {})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(write, encoding):
    path = write('[brand]\nname = "Acme"\n'.encode(encoding))
    with pytest.raises(ConfigError, match=r"it looks like UTF-16"):
        load(Found(path=path), {})


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load(Found(path=tmp_path), {})


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"gone.toml: cannot be read \(No such file"):
        load(Found(path=tmp_path / "gone.toml"), {})


def test_a_huge_file_is_refused(write):
    with pytest.raises(ConfigError, match=r"larger than 1024 KiB"):
        load(Found(path=write(b"#" * 2_000_000)), {})


def test_a_section_that_is_no_table_is_named(problems):
    found = problems('hours = 1\nqueue = "x"\n[brand]\nname = "A"')
    assert [problem.key for problem in found] == ["hours", "queue"]
    assert "must be a table, not 1" in found[0].message


def test_values_of_the_wrong_type_say_what_is_allowed(problems):
    text = """
[queue]
merge_window = "72 parsecs"
reopen_within = "2bd"
follow_up = "soon"
[team]
names = "ana"
me = 7
"""
    messages = {problem.key: str(problem) for problem in problems(text)}
    assert '"72 parsecs"' in messages["queue.merge_window"]
    assert "business days" in messages["queue.reopen_within"]
    assert "2bd" in messages["queue.follow_up"]
    assert 'must be a list: ["ana"]' in messages["team.names"]
    assert "must be a text" in messages["team.me"]


def test_controls_in_names_never_reach_a_message(problems):
    found = problems(
        '[brand]\nname = "A"\nterms = ["/\\u001b[31m(/"]\n["\\u001b[31mred"]\n"\\u202e" = 1\n'
    )
    assert len(found) == 2
    assert "\x1b" not in "".join(map(str, found))
    assert "\u202e" not in "".join(map(str, found))


@pytest.mark.parametrize(("environ", "me"), [({}, "ana"), ({"MENTIONWATCH_ME": "ben"}, "ben")])
def test_me_is_in_the_file_or_in_the_environment(loaded, environ, me):
    config = loaded('[team]\nnames = ["ana", "ben"]\nme = "ana"', **environ)
    assert config.team.me == me
    assert config.warnings == ()


def test_a_stranger_in_the_environment_is_a_warning(loaded):
    config = loaded('[team]\nnames = ["ana"]', MENTIONWATCH_ME="zoe")
    assert config.team.me == "zoe"
    assert "zoe" in config.warnings[0]


def test_duty_names_days_and_members(loaded, problems):
    config = loaded('[team]\nnames = ["ana", "ben"]\nduty = { mon-tue = ["ana"], sun = ["ben"] }')
    assert config.team.duty == (("ana",), ("ana",), (), (), (), (), ("ben",))
    text = '[team]\nnames = ["ana"]\n[team.duty]\nmon = ["ann"]\nmon-tue = ["ana"]\nmoon = []'
    found = problems(text)
    assert [(problem.line, problem.key) for problem in found] == [
        (6, "team.duty.mon[1]"),
        (7, "team.duty.mon-tue"),
        (8, "team.duty.moon"),
    ]
    assert found[0].hint == 'did you mean "ana"?'


@pytest.mark.parametrize("term", ["", "@", "#", "...", "/", "//", "/open", "x" * 501, "a\\u0000b"])
def test_terms_that_cannot_match_are_refused(the_problem, term):
    assert the_problem(f'[brand]\nname = "A"\nterms = ["ok", "{term}"]').key == "brand.terms[2]"


def test_a_domain_given_as_an_address_is_put_right(the_problem):
    problem = the_problem('[brand]\nname = "A"\ndomains = ["https://www.acme.example/shop"]')
    assert problem.hint == 'did you mean "acme.example"?'


def test_rules_are_known_by_their_ids(loaded, problems):
    config = loaded('[rules]\ndisable = ["urgency.legal"]\npoints = { "urgency.outage" = 60 }')
    assert config.rules.disable == ("urgency.legal",)
    assert config.rules.points == {"urgency.outage": 60}
    found = problems(
        '[rules]\ndisable = ["urgency.outtage"]\n[rules.points]\n"urgency.outage" = 600'
    )
    assert found[0].hint == 'did you mean "urgency.outage"?'
    assert "from -100 to 100" in found[1].message


def test_custom_rules_are_first_class(loaded, problems):
    rule = '[[rules.custom]]\nid = "allergy"\nmatch = ["nuts"]\npoints = 40\nwhy = "allergy"\n'
    (custom,) = loaded(rule).rules.custom
    assert (custom.id, custom.match, custom.points, custom.score) == (
        "allergy",
        ("nuts",),
        40,
        "urgency",
    )
    found = problems(rule + rule + '[[rules.custom]]\nscore = "intent"\npoints = 1000')
    assert {problem.key for problem in found} == {
        "rules.custom[2].id",
        "rules.custom[3].id",
        "rules.custom[3].match",
        "rules.custom[3].points",
        "rules.custom[3].why",
        "rules.custom[3].intent",
    }


def test_a_custom_rule_can_be_disabled_by_its_id(loaded):
    rule = '[[rules.custom]]\nid = "allergy"\nmatch = ["nuts"]\npoints = 40\nwhy = "allergy"\n'
    assert loaded('[rules]\ndisable = ["allergy"]\n' + rule).rules.disable == ("allergy",)
