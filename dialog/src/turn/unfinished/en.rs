//! English words that something follows.
use super::Table;

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    open: &[
        // Articles and what else stands before a noun.
        "a", "an", "the", "my", "your", "our", "their", "its", "every", "another", "next", "which", "whose", "these",
        "those", "double", "triple", "very", "really", "quite", "rather", "pretty",
        // Prepositions.
        "at", "for", "to", "on", "in", "of", "with", "from", "by", "about", "under", "between", "through", "during",
        "without", "within", "into", "onto", "until", "till", "near", "behind", "beside", "past", "since", "per",
        "than", "as", "around", "like", "via", "against", "towards", "except", "including",
        // Conjunctions.
        "and", "or", "but", "because", "if", "while", "although", "unless", "whether",
        // Auxiliaries and the verb "to be".
        "is", "are", "was", "were", "am", "will", "would", "can", "could", "should", "must", "might", "may", "do",
        "does", "did", "has", "have", "had", "been", "be", "i'm", "i'd", "i'll", "i've", "we're", "we'd", "we'll",
        "we've", "it's", "there's", "that's", "he's", "she's", "they're", "they've", "you're", "let's", "gonna",
        "wanna", "don't", "doesn't", "didn't", "can't", "couldn't", "won't", "wouldn't", "isn't", "aren't", "wasn't",
        // Subjects.
        "i", "we", "he", "they", "who",
    ],
    whole: &[
        "log in", "check in", "come in", "sign in", "get in", "let me in", "move in", "turn in", "hold on", "hang on",
        "go on", "move on", "come on", "carry on", "turn it on", "turned on", "is on", "log on", "and so on",
        "later on", "from now on", "are you from", "come from", "calling from", "what for", "pay for", "waiting for",
        "asked for", "look for", "ask for", "drop by", "come by", "stop by", "what about", "how about",
        "talking about", "used to", "talk to", "speak to", "belongs to", "come with", "go with", "deal with",
        "something like that", "what it is", "where it is", "who it is", "what it was", "what that is",
    ],
    phrases: &[
        "i want", "we want", "i need", "we need", "i'd need", "i got", "let me", "that i", "if you", "and it",
        "because it", "and then", "and so", "and also", "so that", "a quarter", "one of", "a lot of", "kind of",
        "sort of", "i think", "i guess", "i believe", "instead of", "not only", "as soon as", "the number",
    ],
    verbs: &[
        "book", "change", "reserve", "make", "get", "give", "put", "send", "move", "take", "bring", "find", "buy",
        "add", "tell", "ask", "need", "want", "show", "use", "open", "close", "see", "check", "lost", "ordered",
    ],
    leads: &[
        "to", "i", "we", "you", "can", "could", "please", "would", "i'd", "and", "they", "has", "have", "will",
        "i'll", "i've", "don't", "didn't",
    ],
    let_me: &["let me"],
    thinking: &[
        "um", "uh", "er", "erm", "hmm", "hm", "mm", "let's see", "let's say", "i mean", "you know", "how do i say",
        "how do you say", "what's it called",
    ],
};
