//! The words of Whisper's tokenizer as bytes, out of a Hugging Face `tokenizer.json`.
use serde_json::Value;

/// The token that ends a text; what comes after it are no words.
const END: &str = "<|endoftext|>";

/// The bytes of each token in front of [`END`], in the order of their numbers.
pub fn read(json: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let tokenizer: Value = serde_json::from_slice(json).map_err(|why| format!("the tokenizer is no JSON: {why}"))?;
    let added = tokenizer["added_tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
    let end = added.iter().find(|token| token["content"] == END).and_then(|token| token["id"].as_u64());
    let end = end.ok_or_else(|| format!("the tokenizer has no {END}"))?;
    let vocabulary = tokenizer["model"]["vocab"].as_object().ok_or("the tokenizer has no vocabulary")?;
    if end > vocabulary.len() as u64 {
        return Err("the tokenizer has too few words".into());
    }
    let mut words = vec![None; end as usize];
    for (text, number) in vocabulary {
        let place = number.as_u64().and_then(|number| words.get_mut(usize::try_from(number).ok()?));
        if let Some(word) = place {
            *word = Some(bytes(text).ok_or_else(|| format!("the tokenizer has a strange word: {text:?}"))?);
        }
    }
    let missing = || "the tokenizer has a number without a word".to_owned();
    words.into_iter().map(|word| word.ok_or_else(missing)).collect()
}

/// A word is written with one visible character for each byte: bytes that Latin-1 shows as themselves, and the others, in their
/// order, as those from U+0100 on.
fn bytes(word: &str) -> Option<Vec<u8>> {
    word.chars().map(byte).collect()
}

fn byte(c: char) -> Option<u8> {
    let shown = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    match u32::from(c).checked_sub(0x100) {
        None => u8::try_from(u32::from(c)).ok().filter(|byte| shown(*byte)),
        Some(place) => (0..=255).filter(|byte| !shown(*byte)).nth(place as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_one_character() {
        assert_eq!(bytes("Ġhotel"), Some(b" hotel".to_vec()));
        assert_eq!(bytes("Ċ"), Some(b"\n".to_vec()));
        assert_eq!(bytes("Ã¡"), Some("á".as_bytes().to_vec()));
        assert_eq!(bytes("a b"), None, "a blank is written Ġ");
        let all: std::collections::BTreeSet<u8> = (0_u8..=255).filter_map(|c| byte(char::from(c))).collect();
        let rest: std::collections::BTreeSet<u8> = (0x100..0x200).filter_map(char::from_u32).filter_map(byte).collect();
        assert_eq!((all.len() + rest.len(), all.intersection(&rest).count()), (256, 0));
    }

    #[test]
    fn words_stand_in_the_order_of_their_numbers_up_to_the_end() {
        let json = r#"{"added_tokens":[{"id":2,"content":"<|endoftext|>"}],"model":{"vocab":{"b":1,"Ġa":0,"<|endoftext|>":2}}}"#;
        assert_eq!(read(json.as_bytes()).unwrap(), [b" a".to_vec(), b"b".to_vec()]);
        for damaged in [
            "{",
            "{}",
            r#"{"added_tokens":[{"id":9,"content":"<|endoftext|>"}],"model":{"vocab":{"a":0}}}"#,
            r#"{"added_tokens":[{"id":2,"content":"<|endoftext|>"}],"model":{"vocab":{"a":0,"b":2}}}"#,
            r#"{"added_tokens":[{"id":1,"content":"<|endoftext|>"}],"model":{"vocab":{"a b":0}}}"#,
        ] {
            assert!(read(damaged.as_bytes()).is_err(), "{damaged}");
        }
    }
}
