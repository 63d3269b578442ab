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
    r"|(?<!\bi )(?<!\bwe )(?<!\bto )\bread the (?:instructions|manual|label|menu"
    r"|description|small print|sign|page|website|terms|faq)|\blearn (?:how )?to\b"
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
    r"|\bif you (?:don't|do not|didn't) like (?:it|that|this)[^.!?]{0,20}\b(?:there are|go|others?"
    r"|don't|leave|elsewhere|somewhere|nobody|no one|tough|why|try)\b|\bthen (?:don't|do not) "
    r"(?:come|buy|order|book|use|eat|read)\b|\b(?:nobody|no one) (?:forced|made|asked|told) you\b"
    r"|\brocket science\b|\bcommon sense\b|\buse your (?:head|eyes|brain)|\bmind[- ]?readers?\b"
    r"|\bread (?:your )?minds\b|\bdo your (?:research|homework)\b|\bdid you (?:even|actually|bother"
    r"|ever)\b|\bhave you (?:even|actually)? ?(?:tried|considered|thought of) (?:reading|asking"
    r"|looking|checking|listening)"
    r"|\bworks? (?:fine|perfectly|well) for (?:us|me|every|all|the rest|others?)"
    r"|\b(?:never|not once|not a single|no) (?:had |heard |received |got )?(?:a |any |one )?"
    r"complaints? (?:about|before|from|in|like|so far|ever|yet)\b"
    r"|\bnever had (?:a|any|this|such) (?:problem|issue|complaint)s?\b"
    r"|\byou (?:chose|signed|agreed to|accepted|bought|ordered) (?:it|this|that|the|them|for)\b"
    r"[^.!?]{0,30}\b(?:yourself|own|terms|contract|conditions|remember|after all)\b"
    r"|\b(?:rules are rules|policy is policy|tough luck|too bad|so what|deal with it|boo ?hoo"
    r"|suck it up|sue us|be our guest|good riddance|poor you|cry about)\b"
    r"|\b(?:stop|quit|enough|keep|always|more) (?:of (?:the|your) )?(?:complaining|whining|moaning"
    r"|ranting|nagging)\b|\byour (?:\w+ )?(?:whining|moaning|ranting|nagging|attitude|tantrum)"
    r"|\b(?:you people|customers? like you|types? like you|your (?:kind|sort|lot))\b"
    r"|\bour (?:records|cameras?|logs?|system) (?:say|show|prove)s? (?:otherwise|something else"
    r"|different|that you)|\b(?:that's|that is|this is) (?:simply |just |plainly )?(?:not true"
    r"|untrue|a lie|false|nonsense|rubbish|ridiculous|on you|your own)\b"
    r"|\bfake review\b|\bblackmail|\b(?:too (?:high|demanding) for"
    r"|your (?:high|own|impossible|royal) (?:standards|expectations"
    r"|highness)|(?:isn't|aren't|not) (?:good|fancy|posh) enough for you)\b"
    r"|\bmust be (?:hard|nice|tough|lovely) (?:being|to be|for you)\b|\bsome are never (?:happy"
    r"|satisfied|pleased)\b|\bnever (?:happy|satisfied|pleased)\b|\bfor (?:that|this|the) price"
    r"[^.!?]{0,30}\b(?:expect|what|you)\b|\bif you (?:say|insist) so\b|\byou must have (?:dropped"
    r"|done|used|misread|missed|misunderstood|forgotten|broken|lost|put)\b"
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
_PRIVATE = (
    r"(?:phone|telephone|e-?mails?|mail|dms?|pms?|(?:direct|private) messages?|messenger|whatsapp"
    r"|text|chat|inbox|private|person|call|post)"
)
_DONE = (
    r"(?:sorted|solved|resolved|settled|fixed|cleared(?: \w+)? up|worked(?: \w+)? out|dealt with"
    r"|handled|taken care of|took care of|put (?:it |this |that |things )?right|agreed|arranged"
    r"|refunded|replaced|straightened(?: \w+)? out)"
)
_TO_DO = rf"(?:{_DONE}|sort|solve|resolve|settle|fix|clear)"
# Something has been done, said of a matter that was talked about elsewhere.
RESULT = re.compile(
    rf"\b{_DONE}\b|\b(?:is|are|was|were|been|got)(?: now| all| already)? (?!need|requir"
    r"|clos|concern|disappoint|interest|suppos|expect|relat|used)(?:\w+ed|sent|paid|done|back|ready|gone)\b"
)
_CONTACT = (
    r"(?:call|phone call|chat|conversation|talk|visit|e-?mails?|messages?|dms?|pms?|exchange"
    r"|meeting|correspondence)"
)
# We and the customer have talked where others cannot read it. {names}: the customer's.
TALKED = (
    r"\b(?:as|like) (?:we |i )?(?:just |already )?(?:discussed|agreed|arranged|talked about"
    r"|settled)\b"
    r"|\b(?:after|following|since|as per|per|during|from|in|on) (?:our|the|your|yesterday's"
    rf"|today's|this morning's) (?:\w+ )?{_CONTACT}\b"
    rf"|\b{_TO_DO}\b[^.!?]{{0,40}}\b(?:by|via|over|through|on|in) (?:the |a |our |your )?"
    rf"{_PRIVATE}\b"
    rf"|\b(?:by|via|over|through) (?:the |a |our |your )?{_PRIVATE}\b[^.!?]{{0,40}}\b{_TO_DO}\b"
    rf"|\b{_TO_DO}\b[^.!?]{{0,30}}\b(?:privately|offline|face to face|at the (?:counter|desk|shop"
    r"|door|till))\b|\bwe (?:just |have |both |finally )*(?:spoke|talked|chatted|met)\b"
    r"(?! (?:to |with )?(?:the|our|a|an|her|his)\b)"
    r"|\b(?:had a (?:word|chat|talk)|caught up|got (?:hold of|through to)|in touch) "
    r"(?:with |by |over |on |to |in )?(?:you|{names}|phone|the phone|private|privately|directly)\b"
    r"|\b(?:have|see|seeing|having|welcom\w+|letting) (?:you|us) (?:back )?(?:in|over|round|here"
    r"|make|put|sort|fix)\b|\b(?:with|to|and|as|for) {names}(?:'s)?\b(?!,)"
    r"|\b{names}(?:'s been| has| and (?:i|we)| confirmed| told| came| called| wrote)\b"
    r"|\b(?:spoke|spoken|talked|chatted|talking|speaking|chatting|talk|speak|chat|met|meeting|meet"
    r"|catch up|catching up) (?:to|with)? ?(?:you|{names})\b"
    r"|\bthank(?:s| you)(?: so much| again| a lot)? for (?:the (?:call|chat|talk|visit)|calling"
    r"|ringing|phoning|popping (?:in|by|round)|dropping (?:in|by|round)|coming (?:in|by|round|over)"
    r"|stopping by|taking (?:the|our|my) call|your (?:call|visit|dm|pm|private message"
    r"|direct message|e-?mail)|messaging us|writing to us (?:privately|in private)|speaking"
    r"|talking|meeting)\b"
    r"|\b(?:i|we)(?:'ve| have)?(?: just| now| also| already)* (?:called|rang|rung|phoned|reached"
    r"|e-?mailed|mailed|texted|visited|dm'?e?d|messaged) (?:you|{names})\b"
)
# On which road, said of what happened; not where it invites.
MANNER = re.compile(
    rf"\b(?:by|over|on|via|through|in)(?: the| a| your)? {_PRIVATE}\b|\b(?:directly|privately"
    r"|in person|in private|offline|between us|one to one|face to face)\b"
)
INVITES = re.compile(
    r"\b(?:us|me|if|please|can|could|will|would|available|feel free|any ?time|happy to|write|dm"
    r"|call|ring|contact|reach)\b|'ll\b"
)
# We went on in private ourselves.
MOVED = re.compile(
    r"\b(?:i|we)?(?:'ve| have)?(?: just| now| also| already)* ?(?:sent|dropped|shot|written) you "
    r"(?:a |an |the |our )?(?:\w+ )?(?:dm|pm|message|e-?mail|mail|details by|note|text)\b"
    r"|\b(?:(?:i|we)(?:'ve| have)?|just|have)(?: just| now| also| already)* (?:dm'?e?d|pm'?e?d"
    r"|messaged|e-?mailed|mailed|written to|texted) you\b"
    r"|\b(?:replied|answered|responded|written|wrote)(?: to)?(?: you)? (?:by|via|in|through|over) "
    rf"(?:a |the |your )?{_PRIVATE}\b|\b(?:check|see|look (?:at|in|into)) your (?:dms?|pms?|inbox"
    r"|messages|e-?mails?|mail|spam)\b|\b(?:in|to) your (?:dms?|inbox)\b"
    r"|\b(?:take|move|continue|discuss|sort|carry on with) (?:this|it|that) (?:offline|privately|in"
    r"(?: a)? private|in(?: the)? dms?|by dm|to dms?)"
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
# What a customer writes who has got an answer and is worse off for it.
REPROACH = re.compile(
    r"\b(?:did|does|do|has|have|can|could) (?:any(?:one|body)|you|some(?:one|body)|they) (?:even "
    r"|actually |ever |really )*(?:read|listen|look|understand|care)\w*\b"
    r"|\bthe same (?:reply|answer|text|message|line|words|sentence|thing (?:to|as))\b"
    r"|\bcopy[- ]?(?:and[- ])?past|\bcut and paste|\b(?:automated|automatic|canned|scripted"
    r"|standard|stock|robotic|generic) (?:reply|answer|response|text|message|line|words)\b"
    r"|\b(?:chat)?bots?\b|\b(?:an? )?(?:real|actual|living) (?:human|person)\b|\bto a (?:wall"
    r"|machine|robot)\b"
    r"|\bi(?:'ve| have)? (?:already|just|literally) (?:told|said|did|done|sent|wrote|asked|tried"
    r"|called|explained)\b|\b(?:as|like) i (?:just |already )?(?:said|told|wrote|explained)\b"
    r"|\b(?:not|isn't|wasn't|doesn't|didn't|hardly) (?:really |even )?(?:what i|an answer"
    r"|my question|answer (?:my|the)|help|the point|good enough|acceptable|asking for|ask for"
    r"|an apology|funny)\b|\bthanks? (?:you )?for (?:nothing|ignoring|not )"
    r"|\bthanks?,? i (?:suppose|guess)\b|\bforget it\b"
    r"|\bdon't bother\b|\bwhatever\b|\b(?:done|finished|through) with (?:you|this|them)\b"
    r"|\blast time (?:i|we)\b|\bwon't be (?:back|coming|returning)|\bnot coming back\b"
    r"|\bnever (?:again|coming back|buying|ordering|booking)\b|\b(?:go|going|taking \w+"
    r"(?: \w+)?|buy|buying|shop|order) (?:elsewhere|somewhere else|to (?:your|a) competitor)"
    r"|\bi'?(?:m| am|'ll| will) (?:now )?(?:cancel|report|return|switch|tell every)\w*"
    r"|\bstill (?:no|not|nothing|waiting|broken|doesn't|isn't|hasn't|haven't|don't)\b"
    r"|\bfor the (?:second|third|fourth|fifth|nth|last|\d+th) time\b|\b(?:three|four|five|\d+) "
    r"times (?:now|already)\b|\b(?:unbelievable|ridiculous|pathetic|insulting|laughable|a joke"
    r"|outrageous|shameful)\b|\bis that (?:it|all|your)\b|\bthat's (?:it|all)\?|\bseriously\?"
    r"|\breally\?|\bso (?:that's a no|nothing|no refund|no answer)\b|\btoo late (?:now|for)?\b"
)
# What a customer writes who takes what was offered.
ACCEPTS = re.compile(
    r"\b(?:book|count|put|sign) me (?:in|down|for|on|up)\b|\bi(?:'ll| will) (?:take|have|be there"
    r"|come|pop|drop|bring|try (?:it|that))\b|\bsee you\b|\b(?:sounds|looks|works) (?:good|great"
    r"|fine|perfect|like a plan)\b|\bdeal\b|\bperfect\b|\bcheers\b"
    r"|\bthat (?:helps|works|did it|was it)\b"
    r"|\b(?:it|all) (?:works|worked|arrived|is fixed|sorted|good now)\b"
)
LAUGH = re.compile(
    "[\U0001f600-\U0001f606\U0001f609\U0001f60e\U0001f60f\U0001f61b-\U0001f61d"
    "\U0001f602\U0001f605\U0001f643\U0001f911\U0001f923\U0001f92a\U0001f973]"
    "|\\b(?:lol|haha+|lmao|rofl)\\b"
)
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]|:-?[)dp]|;-?\\)|\\b(?:lol|haha+|lmao)\\b")
