//! How documents are cut, and what is wrong with those that cannot be read.
use super::*;
use dialog::bot::Bot;

/// Each passage as `headings | line | text`.
fn passages(text: &str, format: Format) -> Vec<String> {
    let shown =
        |of: &DocumentPassage| format!("{} | {} | {}", of.headings.join(" > "), of.line, of.text.replace('\n', " / "));
    cut("docs/house-rules.md", text, format, None).iter().map(shown).collect()
}

#[test]
fn markdown_becomes_passages_below_their_headings_without_its_marks() {
    let text = "---\ntitle: \"Lotus Spa\"\n---\n<!-- not shown -->\n# House *rules*\nNo **noise** after [ten](https://a.example/x).\n\
                \n## Animals\nWelcome are:\n- small dogs,\n- cats;\n1. guide dogs\n\nParking\n-------\n| Place | Price |\n|---|---|\n\
                | Garage | $5 |\n| Yard | free |\n\n```\ncode\n```\n";
    assert_eq!(
        passages(text, Format::Markdown),
        [
            "Lotus Spa > House rules | 6 | No noise after ten.",
            "Lotus Spa > House rules > Animals | 9 | Welcome are: small dogs; cats; guide dogs",
            "Lotus Spa > House rules > Parking | 18 | Garage, Price $5. / Yard, Price free. / code",
        ]
    );
}

#[test]
fn html_becomes_passages_of_what_is_shown() {
    let text = "<!doctype html><html><head><title>Spa &amp; more</title><style>p { color: red }</style></head>\n<body><nav>Home</nav>\n\
                <h1>Opening <em>hours</em></h1>\n<p>From 9&nbsp;a.m. <b>to</b> 5&#8239;p.m.<br>Closed&mdash;on Sundays.</p>\n\
                <script>if (a < b) alert('x')</script>\n<h2>Prices</h2><ul><li>Sauna: $20</li><li>Pool: $8</li></ul>\n\
                <table><tr><th>Towel</th><td>$3</td></tr></table>\n<p>Unclosed <a href=\"x>y\">link";
    assert_eq!(
        passages(text, Format::Html),
        [
            "Spa & more > Opening hours | 4 | From 9 a.m. to 5 p.m. Closed—on Sundays.",
            "Spa & more > Opening hours > Prices | 6 | Sauna: $20 / Pool: $8 / Towel, $3 / Unclosed link",
        ]
    );
}

#[test]
fn plain_text_has_paragraphs_and_short_lines_as_headings() {
    let text = "Lotus Spa\n\nWe are in Lime Street.\nCome by tram.\n\nPrices:\n\n- Sauna $20\n- Pool $8\n";
    assert_eq!(
        passages(text, Format::Text),
        ["Lotus Spa | 3 | We are in Lime Street. Come by tram.", "Lotus Spa > Prices | 8 | Sauna $20 / Pool $8"]
    );
    assert_eq!(
        passages("Only one sentence stands here.", Format::Text),
        ["house rules | 1 | Only one sentence stands here."]
    );
    assert_eq!(cut("a.txt", "Text stands here.", Format::Text, Some("Rules"))[0].headings, ["Rules"]);
}

#[test]
fn long_sections_are_cut_between_sentences_and_nothing_is_lost() {
    let sentence = "Here are exactly eight words in one sentence. ";
    for format in [Format::Markdown, Format::Text, Format::Html] {
        let all = cut("a.md", &sentence.repeat(100), format, None);
        let words: usize = all.iter().map(|of| of.text.split_whitespace().count()).sum();
        assert_eq!(words, 800);
        assert!(all.len() > 4 && all.iter().all(|of| of.text.ends_with('.') && of.text.split(' ').count() <= 180));
    }
    let one = cut("a.md", &"word ".repeat(1_000), Format::Markdown, None);
    assert!(one.iter().all(|of| of.text.split(' ').count() <= 180) && one.len() == 6, "{}", one.len());
}

#[test]
fn whatever_a_document_holds_it_is_read_or_left_out_and_nothing_breaks() {
    for text in [
        "<",
        "<<<",
        "</",
        "<!--",
        "<script",
        "&#x110000;&#9999999999;&;",
        "# ",
        "|",
        "---\n",
        "```",
        "<p>é&",
        "a\u{0}b",
        "- ",
        "[x](",
        "![",
        "\\",
    ] {
        for format in [Format::Markdown, Format::Text, Format::Html] {
            let _ = cut("x", text, format, None);
        }
    }
    assert_eq!(passages("a &lt; b and c < d", Format::Html), ["house rules | 1 | a < b and c < d"]);
}

/// A folder of its own for one test, gone afterwards.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let dir = std::env::temp_dir().join(format!("switchboard-knowledge-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Folder(dir)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn bot(documents: &str) -> Bot {
    let text = format!(
        "name = 'spa'\nlanguage = 'en'\ngreeting = 'Hello.'\n[[task]]\nname = 'a'\nslots = ['n']\non_done = {{ say = 'Done.' }}\n\
         [[slot]]\nname = 'n'\ntype = 'yes_no'\nprompt = 'Yes?'\n{documents}"
    );
    Bot::parse(&text, "spa.en.toml").unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn a_folder_is_read_with_what_lies_in_it() {
    let folder = Folder::new("folder");
    folder.write("docs/b/parking.md", "# Parking\nThe garage is free.".as_bytes());
    folder.write("docs/a.html", b"<h1>Sauna</h1><p>It is hot.</p>");
    folder.write("docs/picture.png", &[0xff, 0xfe]);
    folder.write("docs/.hidden.md", b"# Hidden\nNobody reads this.");
    let mut bot = bot("[[document]]\npath = 'docs'\n");
    load(&mut bot, &folder.0).unwrap();
    let knowledge = bot.knowledge.as_ref().unwrap();
    let names: Vec<&str> = knowledge.passages().iter().map(|of| of.document.as_str()).collect();
    assert_eq!(names, ["docs/a.html", "docs/b/parking.md"]);
    assert_eq!(knowledge.answer("is the garage free").unwrap().say, "The garage is free.");
}

#[test]
fn what_is_wrong_with_a_document_is_told_with_its_path() {
    let folder = Folder::new("faults");
    folder.write("latin.txt", &[b'a', 0xe9, b' ']);
    folder.write("empty.md", b"# Only a heading\n");
    folder.write("table.pdf", b"%PDF");
    for (path, told) in [
        ("none.md", "cannot read"),
        ("latin.txt", "UTF-8"),
        ("empty.md", "holds no text"),
        ("table.pdf", "no document: name a .md"),
    ] {
        let mut bot = bot(&format!("[[document]]\npath = '{path}'\n"));
        let fault = load(&mut bot, &folder.0).expect_err(path).to_string();
        assert!(fault.contains(told) && fault.contains(path), "{fault}");
        assert!(bot.knowledge.is_none());
    }
    let large = "word ".repeat(4 << 20);
    folder.write("large.txt", large.as_bytes());
    let mut bot = bot("[[document]]\npath = 'large.txt'\n");
    assert!(load(&mut bot, &folder.0).expect_err("too much").to_string().contains("16 MB"));
}
