//! What is wrong with a file is told with its line, and what to do.
use super::DESK;
use crate::scenario::Rehearsal;

fn fault(text: &str) -> String {
    let read = Rehearsal::parse(text, "r.toml", |_| Ok(DESK.into()));
    read.err().unwrap_or_else(|| panic!("it was taken:\n{text}")).to_string()
}

#[test]
fn faults_name_their_line_and_a_remedy() {
    let one = |step: &str| format!("bot = \"b.toml\"\n[[scenario]]\nname = \"a\"\nsteps = [\n{step}\n]\n");
    for (text, line, says) in [
        ("bot = \"b.toml\"\nbots = 3\n".to_owned(), 2, "unknown field `bots`"),
        ("bot = \"b.toml\"\nruns = 0\n[[scenario]]".into(), 3, "missing field"),
        ("bot = \"b.toml\"".into(), 1, "add a [[scenario]]"),
        ("bot = [".into(), 1, ""),
        (one("{ hears = \"x\" }"), 5, "unknown field `hears`"),
        (one("{ }"), 5, "a step without anything"),
        (one("{ hear = \"?!\" }"), 5, "`hear` holds no words"),
        (one("{ say = \"\" }"), 5, "`say` is empty"),
        (one("{ say = \"{city}\" }"), 5, "add it to [persona]"),
        (one("{ say = \"a\", keys = \"1\" }"), 5, "one thing at a time"),
        (one("{ keys = \"1x\" }"), 5, "0 to 9"),
        (one("{ keys = \"1\", confidence = 0.5 }"), 5, "belong to `say`"),
        (one("{ say = \"a\", after_ms = 5 }"), 5, "belong to `interrupt`"),
        (one("{ interrupt = \"a\", after_ms = 5, after = \"b\" }"), 5, "either `after`"),
        (one("{ say = \"a\", confidence = 1.5 }"), 5, "0 to 1"),
        (one("{ silence_ms = 700000 }"), 5, "at most 600000"),
        (one("{ matches = \"(\" }"), 5, "`matches`"),
        (one("{ says_value = \"pim\" }"), 5, "the bot has no slot \"pim\"; it has pin, size"),
        (one("{ says_value = \"pin\" }"), 5, "is not said"),
        (one("{ hear = \"a\" },\n{ interrupt = \"b\" }"), 6, "nothing to interrupt"),
        (format!("{}[scenario.expect]\nends = \"over\"", one("{ say = \"a\" }")), 8, "use done"),
        (format!("{}[scenario.expect]\ntask = \"x\"", one("{ say = \"a\" }")), 2, "no task \"x\""),
        (format!("{}[scenario.expect]\nslot = {{ x = 1 }}", one("{ say = \"a\" }")), 2, "no slot \"x\""),
        (format!("{}[[tool]]\nname = \"http\"\nanswer = 1", one("{ say = \"a\" }")), 7, "`request`"),
        (format!("{}[[tool]]\nrequest = \"reset\"\nanswer = 1", one("{ say = \"a\" }")), 7, "is no request"),
        (format!("{}[[tool]]\nrequest = \"GET /\"", one("{ say = \"a\" }")), 7, "one of `answer`"),
        (format!("{}[[tool]]\nname = \"a\"\nfault = \"x\"", one("{ say = \"a\" }")), 7, "use late"),
        (format!("{}[[tool]]\nname = \"a\"\nanswr = 1", one("{ say = \"a\" }")), 9, "unknown field `answr`"),
        (
            format!("{}[[scenario.expect.tool]]\nname = \"a\"\nanswer = 1", one("{ say = \"a\" }")),
            7,
            "stands under [[tool]]",
        ),
        (format!("{}[person]\noutcome = \"gone\"", one("{ say = \"a\" }")), 7, "use put through, busy"),
        (format!("{}[variation]\npace = [2, 1]", one("{ say = \"a\" }")), 8, "the lowest and the highest"),
        (format!("{}[[scenario]]\nname = \"a\"\nsteps = [{{ say = \"b\" }}]", one("{ say = \"a\" }")), 7, "already"),
        (format!("language = \"vi\"\n{}", one("{ say = \"a\" }")), 1, "the bot speaks \"en\""),
    ] {
        let fault = fault(&text);
        assert!(fault.starts_with(&format!("r.toml:{line}: ")) && fault.contains(says), "{fault}\n{text}");
    }
}

#[test]
fn a_bot_that_cannot_be_used_is_named() {
    let text = "bot = \"b.toml\"\n[[scenario]]\nname = \"a\"\nsteps = [{ say = \"a\" }]";
    let broken = Rehearsal::parse(text, "dir/r.toml", |_| Ok("name = 1".into())).err().expect("a fault").to_string();
    assert!(broken.starts_with("dir/r.toml:1: the bot cannot be used") && broken.contains("dir/b.toml"), "{broken}");
    let gone = Rehearsal::read("nowhere/r.toml").err().expect("a fault").to_string();
    assert!(gone.starts_with("cannot read nowhere/r.toml"), "{gone}");
}
