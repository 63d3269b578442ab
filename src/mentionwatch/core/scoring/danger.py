"""Rules of harm that happened: to life and limb first. What may become one stands in `urgency`."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule, each, listed, plain
from mentionwatch.core.scoring.text import View


def _told_us(view: View) -> int:
    """Return 1 where harm is told to us, not about us."""
    harmed = any(one.rule in ("urgency.harm", "urgency.hazard") for one in view.reasons)
    return int(view.facts.addressed and harmed)


_WHO = r"(?:my|her|his|our|their|your|the)"
_LIMB = (
    r"(?:tooth|teeth|leg|arm|hip|wrist|ankle|finger|fingers|nose|foot|hand|head|lip|mouth|knee"
    r"|back|toe"
    r"|shoulder|collarbone|eye|tongue|face)"
)
_FOOD = (
    r"(?:food|soup|salad|sandwich|pizza|cake|bread|burger|meal|rice|curry|muffin|pie|pasta"
    r"|drink|coffee"
    r"|tea|sauce|jar|bottle|wrap|sushi|dish|plate|cereal|yoghurt|yogurt|chocolate|bun|roll"
    r"|noodles|kebab"
    r"|chips|fries|biscuit|cookie|smoothie|milkshake|jam|chicken|fish)"
)
_OBJECT = (
    r"(?:glass|metal|plastic|wire|nail|screw|stone|bone|tooth|staple|needle|blade|worms?|maggots?)"
)

DANGER_RULES = (
    Rule(
        id="urgency.harm_to_us",
        points=6,
        why="and tells us",
        needs="addressed",
        times=_told_us,
        fires_on=({"text": "your cake gave us food poisoning", "addressed": True},),
        silent_on=(
            {"text": "your cake gave us food poisoning", "addressed": False},
            {"text": "your cake was lovely", "addressed": True},
        ),
    ),
    Rule(
        id="urgency.harm",
        points=38,
        why="tells of harm to somebody's health",
        intent="complaint",
        anchors=(
            *listed(
                "sick, ill, throat, lip, lips, face, tongue, eyes, breathe, breathing, breath, "
                "broke, broken, chipped, cut, burned, burnt, burns, bit, slipped, fell, nearly, "
                "almost, choked, choking, stitches, swallowed, drank"
            ),
            *each("in", "hospital a er intensive"),
            *each("the", "er emergency"),
            *("dose", "dosage", "tablets", "pills", "medicine", "medication", "prescription"),
            *("glass", "metal", "plastic", "wire", "nail", "screw", "stone", "bone", "staple"),
            *("needle", "blade", "worm", "worms"),
        ),
        pattern=plain(
            r"(?:sick|ill) (?:\w+ )?(?:since|after|from) (?:eating|having|drinking|the|your|my"
            r"|our|we|i)"
            r"|(?:violently|very|really|so|badly) (?:sick|ill)(?! of)"
            r"|(?:throat|lips?|face|tongue|eyes) (?:\w+ ){0,3}(?:swelled|swelling|swollen"
            r"|closing|swell)"
            r"|swollen (?:throat|lips?|face|tongue)"
            r"|(?:can't|cannot|couldn't|cant|couldnt|not|stopped|trouble|difficulty"
            r"|hard to) breath(?:e|ing)"
            r"|(?:broke|chipped|broken|cut|burned|burnt|scalded|lost|injured|hurt"
            rf"|sprained) {_WHO} {_LIMB}"
            rf"|(?:chipped|broke|cracked) an? tooth|burns on {_WHO} {_LIMB}"
            r"|bit (?:me|him|her|my|our)|slipped (?:and fell|on your|on the wet)"
            r"|fell (?:down|off|through|from) (?:your|the)|(?:nearly|almost) (?:drowned|choked"
            r"|died|killed)"
            r"|(?:choked|choking) on|(?:needed|got|had|with|has) (?:\w+ )?stitches"
            r"|(?:swallowed|drank) (?:an? |the |some |it |your )?(?:\w+ )?(?:battery|bleach"
            r"|button|magnet"
            r"|cleaner|detergent|glass)"
            r"|in (?:a & e|the er|intensive care)|ended up (?:in|at) (?:\w+ )?(?:hospital|er|a & e"
            r"|emergency)|(?:taken|rushed|went|had to go|go) to (?:the )?(?:hospital|er|a & e"
            r"|emergency room)"
            r"|(?:wrong|double|twice the) (?:\w+ )?(?:dose|dosage|tablets|pills|medicine|medication"
            r"|prescription)"
            rf"|{_OBJECT} (?:\w+ )?in (?:my|our|his|her|your|the|a) (?:\w+ ){{0,2}}{_FOOD}"
        ),
        finds=listed(
            "throwing up, threw up, thrown up, vomiting, vomited, diarrhea, diarrhoea, food "
            "poisoning, poisoned, norovirus, salmonella, e coli, stomach cramps, anaphylactic, "
            "anaphylaxis, epipen, allergic reaction, allergy attack, allergic shock, came out in "
            "hives, broke out in hives, came out in a rash, passed out, fainted, unconscious, "
            "collapsed, seizure, concussion, nosebleed, bleeding, electrocuted, electric shock, "
            "electrical shock, shocked me, scalded, hospitalized, hospitalised, made me sick, "
            "made me ill, made us sick, made us ill, made him sick, made her sick, made him ill, "
            "made her ill, fell ill, got food poisoning, assaulted, groped, punched me, punched "
            "him, punched my, threatened me, threatened us, threatened my, touched me, followed "
            "me home, drink was spiked, got spiked, kill myself, want to die"
        ),
        unless=plain(
            r"how much|quote|price|prices|do you (?:do|treat|offer|remove|sell)|can you (?:come"
            r"|remove|treat"
            r"|fix|repair)|could you (?:fix|repair)|(?:physio|massage)|sick of|not (?:very "
            r"|really )?(?:sick"
            r"|ill|bleeding)|broke the bank|died laughing|nearly died of laughter|is it normal"
        ),
        also={"sentiment.harm": -24},
        fires_on=(
            "my son cannot breathe after eating your cake",
            "throwing up all night since your chicken wrap",
            "I chipped a tooth on a stone in your muffin",
            "She passed out in your sauna",
        ),
        silent_on=(
            "sick of waiting",
            "my glass in the kitchen",
            "a broken cup",
            "do you treat burns?",
        ),
    ),
    Rule(
        id="urgency.hazard",
        points=36,
        why="tells of fire, gas, current or failing brakes",
        intent="complaint",
        anchors=listed(
            "smell, smells, smelled, smelt, smelling, stinks, sparks, sparking, sparked, wire, "
            "wires, cable, cables, wiring, fire, smoke, shock, brake, brakes, wheel, socket, plug"
        ),
        pattern=plain(
            r"(?:smell|smells|smelled|smelt|smelling|stinks) (?:of |like |the )?(?:gas|burning"
            r"|smoke)"
            r"|(?:is|was|are|keeps|it|socket|plug|with|saw|and) (?:spark(?:s|ing|ed))"
            r"|(?:live|bare|exposed) (?:wires?|cables?|wiring)|caught fire|on fire(?= (?:last"
            r"|this|in my|in"
            r" our|when|and|while|yesterday|[.!]))|(?:smoke|smoking) (?:coming|pouring|from)"
            r"|(?:got|get|had|gave (?:me|him|her)) (?:an? )?(?:\w+ )?shock(?= (?:from|off|when))"
            r"|brakes? (?:failed|fail|gone|stopped|don't work|not working|didn't work)"
            r"|wheel (?:came|fell) off|(?:melted|burning|burnt) (?:plug|socket)|(?:plug"
            r"|socket) (?:melted"
            r"|burning|burnt)"
        ),
        finds=listed("gas leak, carbon monoxide, burst into flames, set on fire, no seat belt"),
        unless=plain(
            r"how much|quote|price|prices|do you (?:do|fix|sell|offer)|wood fire|fire alarm test"
        ),
        also={"sentiment.hazard": -22},
        fires_on=(
            "I smell gas since your plumber left",
            "the socket is sparking",
            "brakes failed on the motorway after your service",
        ),
        silent_on=(
            "it smells lovely",
            "a smoke alarm, please",
            "how much to replace the brakes?",
            "we sat by the fire",
        ),
    ),
)
