//! `Fields`: reads the wire format of protocol buffers, as far as the files of models need it (encoding: version 3's documentation).

/// The fields of a message, in order.
pub struct Fields<'a>(pub &'a [u8]);

pub enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Four([u8; 4]),
    Eight,
}

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("it is cut short")?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number as a list of them holds it (`packed`).
    pub fn number(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("it is no protocol buffer".into())
    }

    /// The next field with its number; `None` at the end.
    ///
    /// # Errors
    /// Where the bytes are no message.
    pub fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => self.take(8).map(|_| Value::Eight)?,
            2 => {
                let length = usize::try_from(self.number()?).map_err(|_| "it is cut short")?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Four(self.take(4)?.try_into().map_err(|_| "it is cut short")?),
            _ => return Err("it is no protocol buffer".into()),
        };
        Ok(Some((key >> 3, value)))
    }
}
