//! The command line of `switchboard call`.
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, value_parser};
use media::codec::{Codec, OpusPlan};
use media::{Language, Rate};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use telephony::rtp::Suite;
use telephony::sdp::Security;

/// Place a call and hold a conversation: each input is played when the bot has finished speaking.
///
/// Prints the conversation as it happens, with the response time of each turn measured on the wire. The exit code is 0
/// only if the call was answered and every input got a spoken answer.
#[derive(Clone, clap::Args)]
#[command(after_help = "Examples:
  switchboard call sip:booking@127.0.0.1:5060 --say 'book a room' --say 'mountain view'
  switchboard call sip:booking@127.0.0.1:5060 --play hello.wav --key 1 --say yes --record heard.wav --json report.json
  switchboard call sip:booking@127.0.0.1:5060 --say 'two people' --interrupt-at 800
  switchboard call 'sip:places@127.0.0.1:5060;transport=tcp' --key 2 --key 1
  switchboard call http://127.0.0.1:8080/ --bot booking.en --say 'book a room'")]
pub struct Args {
    /// Whom to call: sip:USER@HOST[:PORT][;transport=tcp], or http://HOST[:PORT]/ to call as a browser does
    #[arg(value_name = "ADDRESS")]
    pub target: String,

    /// The bot to call over HTTP; one that is not public wants the API's token in SWITCHBOARD_TOKEN
    #[arg(long, value_name = "NAME")]
    pub bot: Option<String>,

    #[command(flatten)]
    pub inputs: Inputs,

    /// The codecs to offer, best first, with commas between: pcmu, pcma, opus, g722, l16
    #[arg(long, value_name = "NAMES", default_value = "pcmu,pcma", value_delimiter = ',', value_parser = codec)]
    pub codec: Vec<Codec>,

    /// Play each input so long after the bot's turn began, though it still speaks
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub interrupt_at: Option<Duration>,

    /// The voice that says the texts: kal16, slt, rms (the shipped bots speak with this one) or espeak
    #[arg(long, value_name = "NAME", default_value = "kal16")]
    pub voice: String,

    /// The language of the texts
    #[arg(long, value_name = "en|vi", default_value = "en", value_parser = language())]
    pub language: Language,

    /// Write what was heard to a WAV file
    #[arg(long, value_name = "HEARD.wav")]
    pub record: Option<PathBuf>,

    /// Write the full report to a file (`-`: to the standard output instead of the conversation)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Hang up after so many seconds, whatever happens
    #[arg(long, value_name = "S", default_value = "300", value_parser = seconds)]
    pub timeout: Duration,

    /// The bot has finished when it has been quiet for so long
    #[arg(long, value_name = "MS", default_value = "700", value_parser = milliseconds)]
    pub quiet: Duration,

    /// Go on without an answer after so many seconds
    #[arg(long, value_name = "S", default_value = "8", value_parser = seconds)]
    pub patience: Duration,

    /// Encrypt the sound: `offered` where the server can, `required`, or required with one suite (AES_CM_128_HMAC_SHA1_80,
    /// AEAD_AES_128_GCM, …)
    #[arg(long, value_name = "offered|required|SUITE", value_parser = security)]
    pub srtp: Option<(Security, Option<Suite>)>,

    /// The address to call from [default: the one that reaches the target]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<IpAddr>,

    /// Where a server on this machine tells the words of its bot
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub api: String,

    /// The token for it; without one the conversation is shown without the bot's words
    #[arg(long, value_name = "FILE", default_value = "data/admin.token")]
    pub token_file: PathBuf,
}

/// What the caller does, in the order of the command line.
#[derive(Clone, Default, PartialEq)]
pub struct Inputs(pub Vec<Input>);

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Play(PathBuf),
    Say(String),
    Key(String),
}

/// A language by its code.
fn language() -> impl TypedValueParser<Value = Language> {
    let codes = PossibleValuesParser::new(Language::ALL.map(Language::code));
    codes.try_map(|code| Language::of_code(&code).ok_or("no such language"))
}

impl clap::Args for Inputs {
    fn augment_args(command: Command) -> Command {
        let option = |name: &'static str, value: &'static str, help: &'static str, parser: ValueParser| {
            Arg::new(name).long(name).value_name(value).help(help).action(ArgAction::Append).value_parser(parser)
        };
        command
            .arg(option(
                "play",
                "A.wav",
                "Play a WAV file (repeatable; inputs keep their order)",
                value_parser!(PathBuf),
            ))
            .arg(option("say", "TEXT", "Say a text (repeatable)", NonEmptyStringValueParser::new().into()))
            .arg(option("key", "KEYS", "Press keys: 0-9 * # A-D (repeatable)", ValueParser::new(keys)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Inputs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut inputs = Vec::new();
        collect(matches, "play", Input::Play, &mut inputs);
        collect(matches, "say", Input::Say, &mut inputs);
        collect(matches, "key", Input::Key, &mut inputs);
        inputs.sort_by_key(|(index, _)| *index);
        Ok(Self(inputs.into_iter().map(|(_, input)| input).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The values of an option with their places on the command line.
fn collect<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    name: &str,
    make: fn(T) -> Input,
    inputs: &mut Vec<(usize, Input)>,
) {
    let places = matches.indices_of(name).into_iter().flatten();
    let values = matches.get_many::<T>(name).into_iter().flatten();
    inputs.extend(places.zip(values).map(|(place, value)| (place, make(value.clone()))));
}

fn keys(text: &str) -> Result<String, String> {
    match text.chars().find(|key| !matches!(key.to_ascii_uppercase(), '0'..='9' | '*' | '#' | 'A'..='D')) {
        Some(other) => Err(format!("`{other}` is no key of a telephone: 0-9 * # A-D")),
        None if text.is_empty() => Err("no key given".into()),
        None => Ok(text.to_owned()),
    }
}

fn codec(name: &str) -> Result<Codec, String> {
    match name.to_ascii_lowercase().as_str() {
        "pcmu" => Ok(Codec::Pcmu),
        "pcma" => Ok(Codec::Pcma),
        "opus" => Ok(Codec::Opus(OpusPlan::default())),
        "g722" => Ok(Codec::G722),
        "l16" => Ok(Codec::L16(Rate::Hz16000)),
        _ => Err("there are pcmu, pcma, opus, g722 and l16".into()),
    }
}

fn security(text: &str) -> Result<(Security, Option<Suite>), String> {
    match text {
        "offered" => Ok((Security::Offered, None)),
        "required" => Ok((Security::Required, None)),
        suite => Suite::of(suite).map(|suite| (Security::Required, Some(suite))).ok_or_else(|| {
            let names = Suite::ALL.map(Suite::name).join(", ");
            format!("write offered, required or one of {names}")
        }),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_millis).map_err(|_| "a whole number of milliseconds is wanted".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is wanted")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && duration <= Duration::from_secs(86_400) => Ok(duration),
        _ => Err("a number of seconds between 0 and 86400 is wanted".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Program::try_parse_from(line.split(' ')).map(|program| program.args)
    }

    #[test]
    fn inputs_keep_the_order_of_the_command_line() {
        let args = parse("call sip:a@b --say one --play two.wav --say three --key 4# --play five.wav").unwrap();
        let say = |text: &str| Input::Say(text.into());
        let play = |path: &str| Input::Play(path.into());
        let expected = [say("one"), play("two.wav"), say("three"), Input::Key("4#".into()), play("five.wav")];
        assert_eq!(args.inputs.0, expected);
        assert_eq!(args.interrupt_at, None);
        assert_eq!(args.codec, [Codec::Pcmu, Codec::Pcma]);
        let wide = parse("call sip:a@b --codec G722,opus").unwrap().codec;
        assert_eq!(wide, [Codec::G722, Codec::Opus(OpusPlan::default())]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            "call",
            "call sip:a@b --key x",
            "call sip:a@b --timeout 0",
            "call sip:a@b --interrupt-at soon",
            "call sip:a@b --codec gsm",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
