//! `switchboard talk`: the same bot as on the phone, as a text chat in the terminal. Time stands still while you think.
use crate::tools;
use anyhow::Context;
use dialog::bot::Bot;
use dialog::conversation::{Conversation, Input, Output, ToolCall, ToolId};
use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How far the clock may run ahead for a line to be taken as a turn; the timers for a silent caller lie further away.
const PATIENCE: Duration = Duration::from_secs(3);

/// One chat: the conversation, and a clock that only moves when there is something to wait for.
struct Chat<W> {
    conversation: Conversation,
    now: Instant,
    out: W,
    tools: VecDeque<(ToolId, ToolCall)>,
    turn_taken: bool,
    over: bool,
}

/// Chats with the bot of one file, over standard input and output.
pub async fn open(file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read the bot {}", file.display()))?;
    let bot = Bot::parse(&text, &file.display().to_string())?;
    println!("{} ({:?}). Write what you would say; `/key 5` presses a key; Ctrl-D hangs up.\n", bot.name, bot.language);
    let conversation = Conversation::new(Arc::new(bot), jiff::Zoned::now().datetime());
    Ok(run(conversation, std::io::stdin().lock(), std::io::stdout()).await?)
}

/// Runs `conversation` over lines of text until it hangs up or the input ends. A line `/key 5` presses keys.
pub async fn run(conversation: Conversation, lines: impl BufRead, out: impl Write) -> std::io::Result<()> {
    let mut chat =
        Chat { conversation, now: Instant::now(), out, tools: VecDeque::new(), turn_taken: false, over: false };
    chat.feed(Input::Answered)?;
    chat.settle().await?;
    for line in lines.lines() {
        if chat.over {
            break;
        }
        let line = line?;
        match line.trim() {
            "" => continue,
            keys if keys.starts_with("/key ") => {
                for key in keys["/key ".len()..].chars().filter(|c| "0123456789*#ABCD".contains(*c)) {
                    chat.feed(Input::Key(key))?;
                }
            }
            words => {
                chat.feed(Input::SpeechStarted)?;
                chat.feed(Input::SpeechStopped { ago: Duration::from_millis(200) })?;
                chat.feed(Input::Words { text: Some(words.to_lowercase()), confidence: 1.0, is_final: true })?;
            }
        }
        chat.settle().await?;
    }
    if !chat.over {
        writeln!(chat.out, "(you hung up)")?;
    }
    Ok(())
}

impl<W: Write> Chat<W> {
    /// Lets the clock run until the line has become a turn and every tool has answered.
    async fn settle(&mut self) -> std::io::Result<()> {
        let until = self.now + PATIENCE;
        loop {
            if let Some((id, call)) = self.tools.pop_front() {
                writeln!(self.out, "  (asking {})", tools::origin(&call.url))?;
                let result = tools::run(&call).await;
                self.feed(Input::ToolDone { id, result })?;
                continue;
            }
            match self.conversation.deadline() {
                Some((at, _)) if !self.turn_taken && !self.over && at <= until => {
                    self.now = self.now.max(at);
                    self.feed(Input::Tick)?;
                }
                _ => break,
            }
        }
        self.turn_taken = false;
        self.out.flush()
    }

    fn feed(&mut self, input: Input) -> std::io::Result<()> {
        self.conversation.handle(self.now, input);
        let (mut said, mut over) = (Vec::new(), None);
        while let Some(output) = self.conversation.poll() {
            match output {
                Output::Say { say, text, .. } => {
                    let chars = text.chars().count() as u32;
                    self.conversation.handle(self.now, Input::Speaking { say });
                    self.conversation.handle(self.now, Input::Heard { say, chars, whole: true });
                    said.push(text);
                }
                Output::Turn { .. } => self.turn_taken = true,
                Output::Slot { name, value: Some(value), secret, .. } => {
                    let shown = if secret { "•••".to_owned() } else { value.to_string() };
                    writeln!(self.out, "  ({name} = {shown})")?;
                }
                Output::Run { id, call } => self.tools.push_back((id, call)),
                Output::HangUp { reason } => over = Some(reason),
                _ => {}
            }
        }
        if !said.is_empty() {
            writeln!(self.out, "bot: {}", said.join(" "))?;
        }
        if let Some(reason) = over {
            self.over = true;
            writeln!(self.out, "(the bot hung up: {reason})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_room_is_booked_by_writing() {
        let bot = Bot::parse(include_str!("../configs/bots/booking.en.toml"), "booking.en.toml").unwrap();
        let conversation = Conversation::new(Arc::new(bot), jiff::civil::date(2026, 11, 22).at(9, 0, 0, 0));
        let lines = "book a room today for two people\nmountain view\nhalf past two\nhalf an hour\nyes\n";
        let mut out = Vec::new();
        run(conversation, lines.as_bytes(), &mut out).await.unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("(people = 2)") && out.contains("(time = \"14:30\")"), "{out}");
        assert!(out.ends_with("(the bot hung up: done)\n"), "{out}");
    }
}
