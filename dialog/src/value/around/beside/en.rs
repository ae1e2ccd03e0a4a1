//! English words that change nothing beside a value.
use super::Harmless;

pub(super) const HARMLESS: Harmless = Harmless {
    words: "i i'm i'd i'll i've im me my mine myself we we're we'd we'll we've us our ours you you're you'd you'll your yours it it'd it'll \
        it's its that that's that'd that'll this these those they they're them their he he's she she's his her him there there's there'll here \
        what how which be am is are was were been being do does did have has had having get gets getting got go goes going come comes coming \
        want wants wanted need needs needed like likes love prefer take takes taking make makes making book booking booked reserve order \
        say says saying said tell think guess suppose believe hope hoping know mean see look looking check try trying let let's lets would \
        could can may might will shall should must gotta gonna wanna wondering work works working suit suits fit fits do done find choose pick \
        select set put schedule scheduled plan planning planned travel travelling traveling fly flying stay staying visit visiting meet meeting \
        start starts begin begins attend bring bringing give show use talking speaking enter arrive arriving please just only really actually \
        maybe perhaps probably possibly definitely certainly absolutely exactly precisely basically simply \
        well so then now again also too very quite pretty honestly preferably ideally ok okay alright right sure yes yeah yep yup ya fine good \
        great perfect lovely nice cool wonderful excellent awesome brilliant fantastic like correct thanks thank ta cheers sir madam ma'am dear hi hiya howdy hello hey um uh er erm hmm mm ah oh eh huh ish sorry \
        pardon sounds anyway hopefully on in at for to of with into and because cause the a an some room place table spot city town location \
        office date day time number code pin phone telephone cell mobile reservation appointment trip flight ticket visit event dinner lunch \
        breakfast conference party birthday wedding anniversary vacation business interview answer choice name morning afternoon evening night \
        lunchtime digits possible pay paying thinking how's enough sharp best gosh wow goodness jeez golly blimey righto alrighty number's code's phone's pin's time's \
        date's name's day's altogether total anything something available availability better opening openings size pizza space desk party group all",
    people: "wife husband partner spouse girlfriend boyfriend friend friends colleague colleagues coworker coworkers team family kid kids child \
        children son daughter sons daughters mother father mom mum dad parents brother sister boss client clients people person persons guest \
        guests everyone everybody someone somebody who",
    phrases: &[
        "of us",
        "thank you",
        "thank you so much",
        "thank you very much",
        "thanks a lot",
        "thanks so much",
        "many thanks",
        "much appreciated",
        "if you don't mind",
        "but now",
        "you know",
        "let me see",
        "let me think",
        "let me count",
        "oh my",
        "put me down",
        "put us down",
        "sign me up",
        "sign us up",
        "pencil me in",
        "pencil us in",
        "count me in",
        "count us in",
        "fit me in",
        "fit us in",
        "squeeze me in",
        "squeeze us in",
        "on the dot",
        "not at night",
        "not in the morning",
        "not in the afternoon",
        "not in the evening",
        "not am",
        "not pm",
        "reach me",
        "reach us",
        "contact me",
        "call me at",
        "call me on",
        "you can call me",
        "if possible",
        "as well",
        "as for",
        "as i said",
        "that's all",
        "that is all",
        "all right",
        "of course",
        "how about",
        "what about",
        "for now",
        "in total",
        "in all",
        "all together",
        "to be honest",
        "by the way",
        "no problem",
        "no worries",
        "if you please",
        "instead",
        "including me",
        "including myself",
        "including us",
        "me included",
        "nothing but",
        "go ahead",
        "better say",
        "to be safe",
        "to be sure",
        "to be on the safe side",
        "just in case",
        "if you can",
    ],
    hesitations: &["i don't know", "i dunno", "i'm not sure", "not sure", "i haven't decided", "i can't remember"],
    matter: &[
        "let you know",
        "to know",
        "my time",
        "your time",
        "with me",
        "and me",
        "and myself",
        "starts with",
        "start with",
        "begins with",
        "starting with",
        "in and around",
        "and change",
        "and a bit",
        "and some",
        "been to",
        "been in",
        "was in",
        "were in",
        "size of",
        "sizes of",
    ],
    matter_behind: &["or not"],
};
