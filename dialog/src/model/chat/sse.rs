//! `EventReader`: server-sent events (HTML Living Standard, section 9.2) from the bytes of a body, as servers really send them: also without
//! the empty line between two events, and a body of plain JSON.

/// A longer line or event is none.
const MOST: usize = 1024 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

#[derive(Default)]
pub struct EventReader {
    line: Vec<u8>,
    /// The line before ended with a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    data: String,
    begun: bool,
}

impl EventReader {
    /// Takes more of the body. `event` is told of the data of each event that is complete; `is_whole` says whether data is all of an event.
    ///
    /// # Errors
    /// Where a line or an event is longer than any that a server sends.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        is_whole: fn(&str) -> bool,
        mut event: impl FnMut(&str),
    ) -> Result<(), TooLong> {
        for &byte in bytes {
            let after_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    self.end_line(is_whole, &mut event)?;
                }
                _ if self.line.len() >= MOST => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    /// The body has ended. What is left is an event.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn finish(&mut self, is_whole: fn(&str) -> bool, mut event: impl FnMut(&str)) -> Result<(), TooLong> {
        self.end_line(is_whole, &mut event)?;
        self.dispatch(&mut event);
        Ok(())
    }

    fn end_line(&mut self, is_whole: fn(&str) -> bool, event: &mut impl FnMut(&str)) -> Result<(), TooLong> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = if std::mem::replace(&mut self.begun, true) { &*text } else { text.trim_start_matches('\u{feff}') };
        if line.is_empty() {
            self.dispatch(event);
            return Ok(());
        }
        let Some(more) = data_of(line, !self.data.is_empty()) else { return Ok(()) };
        if self.data.len() + more.len() >= MOST {
            return Err(TooLong);
        }
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(more);
        if is_whole(&self.data) {
            self.dispatch(event);
        }
        Ok(())
    }

    fn dispatch(&mut self, event: &mut impl FnMut(&str)) {
        let data = std::mem::take(&mut self.data);
        if !data.trim().is_empty() {
            event(&data);
        }
    }
}

/// What a line adds to the data of its event; `None`: a comment, or another field.
fn data_of(line: &str, has_data: bool) -> Option<&str> {
    if let Some(data) = line.strip_prefix("data:") {
        return Some(data.strip_prefix(' ').unwrap_or(data));
    }
    // A body that is JSON, or a piece of one: no field has such a name.
    let is_json = line.starts_with(['{', '}', ' ', '\t', '[', ']', '"']);
    (is_json && (has_data || line.trim_start().starts_with('{'))).then_some(line)
}
