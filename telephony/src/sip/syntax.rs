//! The lexical form of a message (RFC 3261 sections 7.3 and 25): parses bytes into header fields in canonical form.
//!
//! The canonical form has unfolded lines, long field names, and no white space around separators. The only defects found here are those
//! that the grammar forbids in every message ([`Message::defect`]).
//!
//! The parser of `rsipstack` is stricter than the grammar with names and addresses in From and To, and accepts UTF-8 alone. Octets that
//! it would reject are replaced by one private-use character each ([`protect`]), and put back when a message is sent ([`restore`]): an
//! answer repeats From and To as they were received.
use std::borrow::Cow;

const MAX_FIELDS: usize = 128;

/// The private-use character for octet 0; that for another octet is as many code points further.
const PRIVATE: u32 = 0xe000;
/// Stands for the null tag of a party without a tag (RFC 3261 section 12.1). It is removed from messages that are sent.
pub(super) const NULL_TAG: char = '\u{e100}';
/// The first octet of these characters in UTF-8.
const LEAD: u8 = 0xee;

/// A message's parts.
pub(super) struct Message<'a> {
    /// Request line or status line.
    pub start: Cow<'a, str>,
    pub fields: Vec<Field<'a>>,
    /// All that follows the empty line.
    pub body: &'a [u8],
    /// A defect in the form of the message.
    pub defect: Option<&'static str>,
}

/// One header field.
pub(super) struct Field<'a> {
    /// The long name in lower case where it is known, else the name as it is written.
    pub name: Cow<'a, str>,
    pub value: String,
}

/// How the value of a field is parsed.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Tokens, parameters, quoted strings and addresses.
    Structured,
    /// The same with a colon between host and port.
    Via,
    /// The same, repeated in answers as it came.
    Party,
    Text,
}

/// Fields by long name, compact name (RFC 3261 section 7.3.3 and its registry) and form. What is absent is text.
const KNOWN: &[(&str, &str, Form)] = &[
    ("via", "v", Form::Via),
    ("from", "f", Form::Party),
    ("to", "t", Form::Party),
    ("call-id", "i", Form::Text),
    ("cseq", "", Form::Structured),
    ("contact", "m", Form::Structured),
    ("content-length", "l", Form::Structured),
    ("content-type", "c", Form::Structured),
    ("max-forwards", "", Form::Structured),
    ("route", "", Form::Structured),
    ("record-route", "", Form::Structured),
    ("require", "", Form::Structured),
    ("proxy-require", "", Form::Structured),
    ("supported", "k", Form::Structured),
    ("allow", "", Form::Structured),
    ("accept", "", Form::Structured),
    ("expires", "", Form::Structured),
    ("session-expires", "x", Form::Structured),
    ("min-se", "", Form::Structured),
    ("authorization", "", Form::Structured),
    ("proxy-authorization", "", Form::Structured),
    ("www-authenticate", "", Form::Structured),
    ("proxy-authenticate", "", Form::Structured),
    ("content-encoding", "e", Form::Structured),
    ("content-disposition", "", Form::Structured),
    ("accept-encoding", "", Form::Structured),
    ("unsupported", "", Form::Structured),
    ("event", "o", Form::Structured),
    ("allow-events", "u", Form::Structured),
    ("subscription-state", "", Form::Structured),
    ("refer-to", "r", Form::Structured),
    ("referred-by", "b", Form::Structured),
    ("replaces", "", Form::Structured),
    ("reason", "", Form::Structured),
    ("p-asserted-identity", "", Form::Structured),
    ("diversion", "", Form::Structured),
    ("history-info", "", Form::Structured),
    ("accept-contact", "a", Form::Structured),
    ("reject-contact", "j", Form::Structured),
    ("request-disposition", "d", Form::Structured),
    ("subject", "s", Form::Text),
    ("identity", "y", Form::Text),
    ("identity-info", "n", Form::Text),
];

fn known(name: &str) -> Option<(&'static str, Form)> {
    let same = |(long, short, _): &&(&str, &str, Form)| {
        name.eq_ignore_ascii_case(long) || (!short.is_empty() && name.eq_ignore_ascii_case(short))
    };
    KNOWN.iter().find(same).map(|(long, _, form)| (*long, *form))
}

impl<'a> Message<'a> {
    /// Reads any bytes. Line ends before the start line are skipped (RFC 3261 section 7.5).
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let bytes = &bytes[bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len())..];
        let end = end_of_head(bytes);
        let head = &bytes[..end.unwrap_or(bytes.len())];
        let mut lines = head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let start = match text(lines.next().unwrap_or_default()) {
            Cow::Owned(text) => Cow::Owned(readable(&text).into_owned()),
            text => text,
        };
        let (fields, mut sound) = unfold(lines);
        sound &= !fields.iter().any(|field| has_controls(&field.value));
        let defect = if end.is_none() {
            Some("no end of headers")
        } else if !sound || has_controls(&start) {
            Some("malformed header line")
        } else if has_bare_ends(head) {
            Some("bare CR or LF")
        } else {
            None
        };
        Self { start, fields, body: end.map_or(&[][..], |end| &bytes[end + 4..]), defect }
    }

    /// The values of the fields of one name, in order.
    pub(super) fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> + 'm {
        self.fields.iter().filter(move |field| field.name == name).map(|field| field.value.as_str())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }
}

/// Where the header fields end: at the first empty line.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n")
}

/// A CR without its LF, or the other way round.
fn has_bare_ends(head: &[u8]) -> bool {
    head.iter().enumerate().any(|(at, byte)| match byte {
        b'\r' => head.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || head[at - 1] != b'\r',
        _ => false,
    })
}

/// A line as text: an octet that is no UTF-8 becomes its private character, and so do those of a private character.
fn text(line: &[u8]) -> Cow<'_, str> {
    let ours = |c: char| (PRIVATE..=u32::from(NULL_TAG)).contains(&u32::from(c));
    if let Ok(text) = std::str::from_utf8(line)
        && (!line.contains(&LEAD) || !text.contains(ours))
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(line.len() + 8);
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            if ours(c) {
                out.extend(c.encode_utf8(&mut [0; 4]).bytes().filter_map(private_char));
            } else {
                out.push(c);
            }
        }
        out.extend(chunk.invalid().iter().filter_map(|byte| private_char(*byte)));
    }
    Cow::Owned(out)
}

/// Header lines joined with their continuations; false where one is no header line at all or there are too many.
fn unfold<'a>(lines: impl Iterator<Item = &'a [u8]>) -> (Vec<Field<'a>>, bool) {
    let mut fields: Vec<(Cow<'a, str>, Form, String)> = Vec::with_capacity(16);
    let mut sound = true;
    for line in lines.map(text) {
        if line.starts_with([' ', '\t']) {
            match fields.last_mut() {
                Some((.., value)) => {
                    value.push(' ');
                    value.push_str(line.trim_matches([' ', '\t']));
                }
                None => sound = false,
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            sound = false;
            continue;
        };
        let (name, value) = (name.trim_end_matches([' ', '\t']), value.trim_matches([' ', '\t']).to_owned());
        if !is_token(name) || fields.len() == MAX_FIELDS {
            sound = false;
            continue;
        }
        let (name, form) = match (known(name), &line) {
            (Some((long, form)), _) => (Cow::Borrowed(long), form),
            (None, Cow::Borrowed(line)) => (Cow::Borrowed(&line[..name.len()]), Form::Text),
            (None, Cow::Owned(_)) => (Cow::Owned(name.to_owned()), Form::Text),
        };
        fields.push((name, form, value));
    }
    let canonical = |(name, form, value): (Cow<'a, str>, Form, String)| {
        let value = match form {
            Form::Structured => readable(&compact(&value, ";=/")).into_owned(),
            Form::Via => readable(&compact(&value, ";=/:")).into_owned(),
            Form::Party => protect(&compact(&value, ";=/")),
            Form::Text => readable(value.trim()).into_owned(),
        };
        Field { name, value }
    };
    (fields.into_iter().map(canonical).collect(), sound)
}

/// The value of Content-Length in the head of a message of a stream; what is wrong with it.
pub(super) fn content_length(head: &[u8]) -> Result<Option<usize>, &'static str> {
    let (fields, _) = unfold(head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).skip(1));
    let mut found = None;
    for field in fields.iter().filter(|field| field.name == "content-length") {
        let value = length(&field.value).ok_or("malformed Content-Length")?;
        if found.replace(value).is_some_and(|earlier| earlier != value) {
            return Err("two Content-Length");
        }
    }
    Ok(found)
}

/// A length in octets.
pub(super) fn length(digits: &str) -> Option<usize> {
    let plausible = !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| plausible)
}

pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&c))
}

/// Control characters elsewhere than behind the backslash of a quoted string.
pub(super) fn has_controls(value: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    value.chars().any(|c| {
        let pair = escaped && quoted;
        escaped = c == '\\' && quoted && !pair;
        quoted ^= c == '"' && !pair;
        c != '\t' && (c < ' ' || c == '\u{7f}') && !(pair && c != '\r' && c != '\n')
    })
}

/// Which part of a value a character belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    Plain,
    /// Within quotation marks, these included.
    Quoted,
    /// Within angle brackets, these included.
    Address,
}

/// Tells the parts of a value as it is read.
struct Reader {
    part: Part,
    escaped: bool,
}

impl Reader {
    const START: Self = Self { part: Part::Plain, escaped: false };

    /// The part that the next character belongs to.
    fn take(&mut self, c: char) -> Part {
        let before = self.part;
        match (before, c) {
            (Part::Quoted, _) if self.escaped => self.escaped = false,
            (Part::Quoted, '\\') => self.escaped = true,
            (Part::Quoted, '"') | (Part::Address, '>') => self.part = Part::Plain,
            (Part::Plain, '"') => self.part = Part::Quoted,
            (Part::Plain, '<') => self.part = Part::Address,
            _ => {}
        }
        if before == Part::Plain { self.part } else { before }
    }
}

/// A value's characters with the part each belongs to.
pub(super) fn parts(value: &str) -> impl Iterator<Item = (usize, char, Part)> + '_ {
    let mut reader = Reader::START;
    value.char_indices().map(move |(at, c)| (at, c, reader.take(c)))
}

/// Whether quotes close, and so do angle brackets outside them, of which there is one pair at most.
pub(super) fn is_balanced(value: &str) -> bool {
    let (mut reader, mut addresses) = (Reader::START, 0);
    for c in value.chars() {
        match (reader.part, c) {
            (Part::Plain, '<') => addresses += 1,
            (Part::Plain, '>') | (Part::Address, '<') => return false,
            _ => {}
        }
        reader.take(c);
    }
    reader.part == Part::Plain && addresses <= 1
}

/// The elements of a comma-separated list.
pub(super) fn elements(value: &str) -> impl Iterator<Item = &str> + '_ {
    pieces(value, ',')
}

/// Names and values of the parameters behind a value's first part: empty where one has no value.
pub(super) fn params(value: &str) -> impl Iterator<Item = (&str, &str)> + '_ {
    pieces(value, ';').skip(1).map(|param| {
        let (name, value) = param.split_once('=').unwrap_or((param, ""));
        (name.trim(), value.trim())
    })
}

/// What lies between separators that stand neither in quotes nor in an address.
fn pieces(value: &str, separator: char) -> impl Iterator<Item = &str> + '_ {
    let mut from = 0;
    let ends = parts(value).filter(move |(_, c, part)| *c == separator && *part == Part::Plain).map(|(at, ..)| at);
    ends.chain([value.len()]).map(move |at| {
        let piece = &value[from.min(at)..at];
        from = at + 1;
        piece.trim()
    })
}

/// One space for each run of white space, and none around separators, at the ends of an address or before a comma.
fn compact(value: &str, separators: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut space = false;
    for (_, c, part) in parts(value) {
        let white = matches!(c, ' ' | '\t');
        match part {
            Part::Quoted if !(c == '"' && space) => out.push(c),
            Part::Address if white => space = !out.ends_with('<'),
            Part::Address if c == '>' => {
                space = false;
                out.push(c);
            }
            Part::Plain if white => space = true,
            Part::Plain if separators.contains(c) || c == ',' => {
                space = false;
                out.push(c);
            }
            _ => {
                if std::mem::take(&mut space) && !out.is_empty() && !out.ends_with(|last| separators.contains(last)) {
                    out.push(' ');
                }
                out.push(c);
            }
        }
    }
    out
}

/// The private-use character that stands for an octet which the parser below would reject; `None` for other octets.
fn private_char(byte: u8) -> Option<char> {
    char::from_u32(PRIVATE + u32::from(byte)).filter(|_| byte >= 0x80 || b"<>;?".contains(&byte))
}

/// The octet that a private character stands for.
fn octet(c: char) -> Option<u8> {
    let byte = u8::try_from(u32::from(c).checked_sub(PRIVATE)?).ok()?;
    private_char(byte).map(|_| byte)
}

/// Replaces brackets of a quoted name, and separators within an address, which the parser below would misread.
fn protect(value: &str) -> String {
    let hide = |(_, c, part): (usize, char, Part)| {
        let hidden = match part {
            Part::Quoted => matches!(c, '<' | '>'),
            Part::Address => matches!(c, ';' | '?'),
            Part::Plain => false,
        };
        if hidden { u8::try_from(c).ok().and_then(private_char).unwrap_or(c) } else { c }
    };
    parts(value).map(hide).collect()
}

/// A value as people read it: an octet that was no UTF-8 is taken for ISO 8859-1.
pub(super) fn readable(value: &str) -> Cow<'_, str> {
    if !value.contains(|c| octet(c).is_some()) {
        return Cow::Borrowed(value);
    }
    let shown = |c: char| match octet(c) {
        Some(0x80..=0x9f) => char::REPLACEMENT_CHARACTER,
        Some(byte) => char::from(byte),
        None => c,
    };
    Cow::Owned(value.chars().map(shown).collect())
}

/// A message as it leaves: private characters become their octets again, and a null tag is no tag.
pub(super) fn restore(message: &[u8]) -> Cow<'_, [u8]> {
    if !message.contains(&LEAD) {
        return Cow::Borrowed(message);
    }
    let end = end_of_head(message).unwrap_or(message.len());
    let Ok(head) = std::str::from_utf8(&message[..end]) else { return Cow::Borrowed(message) };
    let mut out = Vec::with_capacity(message.len());
    for c in head.chars() {
        match octet(c) {
            Some(byte) => out.push(byte),
            None if c == NULL_TAG => {
                if out.ends_with(b";tag=") {
                    out.truncate(out.len() - b";tag=".len());
                }
            }
            None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.extend_from_slice(&message[end..]);
    Cow::Owned(out)
}

#[cfg(test)]
#[path = "syntax_tests.rs"]
mod tests;
