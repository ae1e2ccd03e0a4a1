//! Percent-encoding in URIs (RFC 3261 section 25.1).

/// Percent-decoding. Invalid escapes are left as they are.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let byte =
            escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            // A control byte, decoded, could end a header line.
            Some(byte) if byte >= 0x20 && byte != 0x7f => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_line_end_is_not_let_through() {
        assert_eq!(decode("a%0d%0aVia%3a%zz%"), "a%0d%0aVia:%zz%");
    }
}
