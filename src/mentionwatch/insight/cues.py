"""
The words by which the scorecard judges a reply of ours.

Each cue is one pattern over the lower-cased text, in English and, where a few words carry it, in
the other languages that are scored. They say what people write everywhere; nothing here knows a
business.
"""

from __future__ import annotations

import re

_DAY = (
    r"mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|rsday)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?|today|tonight|tomorrow|this (?:morning|afternoon|evening|week)|next week"
    r"|noon|lunes|martes|miércoles|jueves|viernes|sábado|domingo|mañana|lundi|mardi|mercredi"
    r"|jeudi|vendredi|samedi|dimanche|demain|aujourd'hui|montag|dienstag|mittwoch|donnerstag"
    r"|freitag|samstag|sonntag|morgen|heute|lunedì|martedì|mercoledì|giovedì|venerdì|sabato"
    r"|domenica|domani|oggi|segunda|terça|quarta|quinta|sexta|amanhã|hoje"
)

APOLOGY = re.compile(
    r"(?<!not )\b(?:so |very |really |truly |terribly |deeply )*(?:sorry|apologi[sz]e"
    r"|apologies)\b"
    r"(?! (?:you feel|if you|that you feel|but (?:you|that's|we don't|it is|it's)))"
    r"|\b(?:with|our|my|sincere|many) regrets\b|\bwe regret (?!to inform|that we can)"
    r"|\b(?:my|our) (?:fault|mistake|bad|error)\b|\b(?:that's|that is"
    r"|this (?:one )?is) on (?:me|us)\b"
    r"|\bshould(?: never|n't| not) have happened\b|\bforgive (?:me|us)\b|\bpardon\b|\bmea culpa\b"
    r"|\blo siento|\blamento|\blamentamos|\bdisculp|\bperdón|\bdésolé|\bexcus(?:ez|es)\b"
    r"|\bentschuldig|\btut (?:uns|mir) leid|\bverzeih|\bscus[ai]|\bdispiace|\bdesculp"
)

# What was done about it, or will be: a remedy, or a step with somebody who takes it.
_REMEDY = (
    r"\b(?:i|we)(?:'ve| have| had|'re| are|'m| am|'ll| will|'d| would| can| could)?"
    r"(?: just| already| now| also| gladly| happily| both| immediately)* "
    r"(?:refund\w*|return(?:ed|ing)? (?:the|your|it|\d|£|€|\$)|replac\w+|send(?:ing)? (?:you|a"
    r"|the"
    r"|it|one|your|out|another)|sent (?:you|a|the|it|out|another|your)|post(?:ed|ing) (?:you|a"
    r"|the"
    r"|it)|fix\w*|repair\w*|chang(?:e|ed|ing)|correct\w*|cancel(?:l?ed|l?ing)?|book(?:ed|ing)?"
    r"|mov(?:e|ed)"
    r"|reserv\w+|put|tak(?:e|ing)|took|ta?ken|credit\w*|remov\w+|add(?:ed|ing)?|updat\w+"
    r"|switch\w*"
    r"|turn(?:ed)?|re-?order\w*|collect\w*|pick(?:ing)? (?:it|them)? ?up|bring(?:ing)?"
    r"|deliver\w*|cover\w*"
    r"|waiv\w+|keep(?:ing)?|kept|set|ring(?:ing)? you|call(?:ing|ed)? you|phone you|come (?:by"
    r"|over|round|out)"
    r"|coming|re-?do\w*|remake|made|make|clean\w*|talk(?:ed)? to|spoke(?:n)? (?:to|with)"
    r"|ask(?:ed)?|check(?:ed)?)\b"
    r"|\b(?:full )?refund(?:ed)? (?:is|was|has|of|for|in|to|on)\b|\bmoney back\b|\bvoucher\b"
    r"|\breplacement\b"
    r"|\bon the house\b|\bfree of charge\b|\bfor free\b|\bno charge\b|\bnothing to pay\b"
    r"|\b(?:next|new|another) \w+(?: \w+)? (?:is|are) (?:ours|on us|on me|free)\b|\b(?:is|are"
    r"|it's) on us\b"
    r"|\bis(?: now)? (?:fixed|repaired|refunded|booked|ready|solved|on (?:its|the) way)\b"
    r"|^fixed\b"
    r"|\bfree (?:if|for you)|\bslot|\b(?:bring|pop|drop|come) (?:it|them|in|by|over|round|back)\b"
    r"|\bplease (?:reload|restart|try|update|press|open|clear|refresh|reinstall|bring|keep)\b"
    r"|\b(?:turn|press|switch|choose|click|tap|go to|hold|unplug|close) (?!down)\w+"
    r"|\bsettings? ?>"
    r"|\bi'?m (?:\w+ )?(?:\d+ )?(?:min|minutes|km|miles) away|\bon (?:my|our|its|his|her) way\b"
    r"|\b(?:te|le|os|les) (?:devolv|envi|mand|reembols|cambi)\w+|\breembols|\brembours|\bremplac"
    r"|\bersatz|\berstatt|\bersetz|\brimbors|\bsostitu|\bschicken|\benvoy\w+|\bgutschein"
)
_DATED = (
    rf"\b(?:by|before|until|till|ends?|promised for|ready|there|from|on|for|be back|back"
    rf"|arrives?|travels?)\b"
    rf"[^.!?]{{0,20}}\b(?:{_DAY}|(?:the )?\d+(?:st|nd|rd|th)|\d{{1,2}} [a-z]{{3,9}}\b)"
)
REMEDY = re.compile(_REMEDY)
STEP = re.compile(f"{_REMEDY}|{_DATED}")
# Words with which we show that we know something went wrong, without saying sorry.
SYMPATHY = re.compile(
    r"\b(?:understand|imagine|know|see|appreciate) (?:\w+ )?how (?:\w+ )?(?:frustrating"
    r"|annoying|upsetting"
    r"|disappointing)|\b(?:inconvenience|your frustration|your disappointment|let you down)\b"
)
_CHANNELS = (
    r"dms?|pms?|(?:direct|private) messages?|e-?mail|mail|inbox|phone|call|calls?|ring"
    r"|telephone|whatsapp"
    r"|customer care|care line|helpline|hotline|our (?:team|form|website|page|site)"
    r"|contact form|the shop"
)
# Another way to talk is named.
OTHER_WAY = re.compile(
    r"\b(?:ring|call|phone|text|whatsapp|email|e-mail|mail|dm|pm|message|write to|contact"
    r"|reach|message) "
    r"(?:(?:me|us|him|her|our|the|back)\b|\+?\d)"
    rf"|\b(?:send|drop|shoot|give) (?:me|us) (?:a |an |your )?(?:\w+ )?(?:{_CHANNELS}|line"
    rf"|shout|bell|details)"
    rf"|\b(?:by|via|on|over|through|in(?: a| your)?) (?:{_CHANNELS})\b|(?<!\S)[^\s@]+@[^\s@]+\.\w"
    r"|(?<![\d.,:/])(?:\+\d[\d ]{7,}\d|0\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4})\b"
    r"|\b(?:pop in|drop in|drop by|come by|come in|stop by)\b|\bescr[ií]b(?:e|a)nos"
    r"|\bll[aá]m(?:e|a)nos"
    r"|\bécrivez|\bappelez|\bschreib(?:en sie|t) uns|\bruf(?:en sie|t) (?:uns|an)"
    r"|\bscrivi(?:ci|teci)|\bchiama"
)
# The customer is sent there to get anything at all.
SENT_AWAY = re.compile(
    rf"\b(?:please|kindly|you (?:need to|must|should|can|will have to)|for (?:further|more"
    rf"|any))\b[^.!?]{{0,40}}"
    rf"\b(?:{_CHANNELS}|contact|write|reach)\b"
    rf"|\b(?:send|drop|shoot) us (?:a|an|your) (?:\w+ )?(?:{_CHANNELS})"
    rf"|^(?:\W*\w+\W+){{0,3}}(?:dm|pm|email|call|message) us\b"
    r"|\b(?:check|see|read|visit|use) (?:our|the) (?:website|site|page|faq|faqs|help|form|terms)"
)
DEFENSIVE = re.compile(
    r"\b(?:in accordance with|according to|as (?:per|stated in|set out in"
    r"|described in)) (?:our|the|your)[^.!?]{0,30}"
    r"(?:terms|conditions|polic(?:y|ies)|contract|rules|agreement|regulations)|\bterms (?:and"
    r"|&) conditions\b"
    r"|\bas (?:clearly|already|is clearly|it clearly) (?:stated|written|explained|mentioned"
    r"|told|says?)|\bclearly (?:says|states|written|marked)"
    r"|\byou (?:should|could|ought to|might) have (?:read|asked|checked|told|said|known|booked"
    r"|come|called|ordered|looked|noticed|mentioned)"
    r"|\bif you had (?:read|asked|checked|told|called|looked|bothered|followed)"
    r"|\bhad you (?:read|asked|checked|told|called|followed)"
    r"|\bread the (?:instructions|manual|label|menu|description|small print|sign|page|website"
    r"|terms|faq)|\blearn (?:how )?to\b"
    r"|\b(?:nobody|no one|none of our|no other) (?:else|other|customers?|guests?"
    r"|clients?)?(?: \w+)? ?(?:has |have |had |ever )*(?:complain|mind|had|said|notic)"
    r"|\b(?:everyone|everybody|all (?:the |our )?(?:others?|other \w+)|other (?:customers"
    r"|guests|people|clients)|most people|others) (?:else )?(?:\w+ )?(?:lov|lik|manag|happy"
    r"|fine|enjoy|seem)"
    r"|\b(?:not|isn't|wasn't|hardly|never) (?:our|my) (?:fault|problem|responsibility|business"
    r"|job|concern)|\byour (?:own )?(?:fault|mistake|problem|responsibility)"
    r"|\bnot (?:responsible|liable)\b|\buser error\b|\bcalm down\b|\brelax\b|\bchill\b"
    r"|\bget a life\b|\bgrow up\b|\bget over it\b"
    r"|\b(?:sorry|regret) (?:that )?(?:if )?you feel\b|\bsorry if you\b|\byou(?:'re"
    r"| are) (?:the (?:first|only)|wrong|mistaken|confused|exaggerating|overreacting|being|too"
    r"|lying|rude)\b"
    r"|\b(?:can't|cannot|can not) (?:please|make) every|\bnot for every(?:one|body)\b"
    r"|\bwhat did you expect\b|\bwhat do you expect\b|\byou get what you pay"
    r"|\b(?:go|shop|eat|try|book|take your \w+) (?:somewhere|elsewhere)|\bdon't (?:come|buy"
    r"|order|like it)\b|\bsome (?:people|customers|of us)\b|\bhow hard (?:is|can)"
    r"|\bobviously\b|\bpeople like you\b|\bwith all due respect\b|\bmaybe (?:you"
    r"|next time you) (?:should|could|need)|\bnext time,? (?:read|ask|check|try|come|be)"
    r"|\bdrama\b|\bfirst world\b|\bjust a \w+, (?:relax|calm)|\bwe never (?:make|do|have|send"
    r"|forget|charge)|\bimpossible\b(?=[^.!?]*\byou)|\bnot what happened\b|\bwe doubt\b"
)
# We say in public that it was settled.
SETTLED = re.compile(
    r"\b(?:sorted|solved|resolved|settled|fixed|refunded|replaced|all good now|taken care of"
    r"|put right|done now|agreed)\b"
    r"|\b(?:spoke|talked|chatted|good to talk|met) (?:to|with|on|earlier|today|just|this)\b"
    r"|\b(?:glad|happy|good) (?:that )?(?:we|it|this|you|to have)\b"
    r"|\b(?:as|like) (?:discussed|agreed|promised|we said|i said)\b|\bfor (?:everyone|anyone"
    r"|others|those) (?:else )?(?:reading|here|following|wondering)"
    r"|\b(?:refund|replacement|new \w+) (?:is on its way|went out|was sent|has gone|arrived"
    r"|left)|\bupdate:"
)
# Something only this case has: a yes or no, a number, a day, a reason, an instruction.
FACT = re.compile(
    rf"\b(?:yes|yep|yeah|no|nope|not yet|sí|si|oui|non|ja|nein|sim|não|sì)\b|\d|\b(?:{_DAY})\b"
    rf"|\bbecause\b|\bsettings?\b"
    r"|\b(?:we|i) (?:do|don't|have|haven't|can|can't|cannot|could|did|didn't|are|aren't|were"
    r"|took|went|held|found|used to|use|will|won't|only|stopped|started)\b"
    r"|\b(?:it|that|they|he|she|there|this) ?(?:'s|'re|is|are|was|were|does|doesn't|will|comes"
    r"|has|goes|can|means|should)\b|\bis fine\b|\bconfirm\b|\bturn\b|\bunder\b|\bnext to\b"
    r"|\bbehind\b"
)
QUESTION = re.compile(
    r"[?¿？؟]|\banyone (?:know|tell|else)\b|\bdo you know\b|\bwondering (?:if|whether|what|how"
    r"|when)\b"
)
# A question mark behind it, yet it asks for an action.
PLEA = re.compile(
    r"\b(?:can|could|would|will) (?:you|someone|somebody|anyone) (?:please|pls|just|at least"
    r"|finally|ever|kindly) |\bwhat (?:are|will) you (?:going to )?do(?:ing)? about"
    r"|\bhow (?:is|can|could) (?:this|that|it) (?:be )?(?:possible|acceptable|happen|ok|okay)"
    r"|\bare you (?:kidding|serious|joking)|\bwhat(?:'s| is) (?:wrong|the point) |\breally\?"
    r"|\bseriously\?"
)
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]|:-?[)dp]|;-?\\)|\\b(?:lol|haha+|lmao)\\b")
