//! `End`: how a call ended: which party ended it or failed, and every reason there is.
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, schema::SchemaType};
use utoipa::{PartialSchema, ToSchema};

/// Whose doing the end of a call was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    Nobody,
    /// The far end of the line: the caller of an inbound call, the called party of an outbound one.
    #[serde(rename = "caller")]
    RemoteParty,
    Network,
    Engine,
    Server,
}

impl Blame {
    pub const ALL: [Self; 5] = [Self::Nobody, Self::RemoteParty, Self::Network, Self::Engine, Self::Server];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::RemoteParty => "caller",
            Self::Network => "network",
            Self::Engine => "engine",
            Self::Server => "server",
        }
    }
}

/// How a call ended. Each call has one, made where the cause is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
pub struct End {
    pub blame: Blame,
    pub reason: Reason,
}

impl End {
    pub const fn new(blame: Blame, reason: Reason) -> Self {
        Self { blame, reason }
    }
}

impl From<Reason> for End {
    fn from(reason: Reason) -> Self {
        Self::new(reason.blame(), reason)
    }
}

macro_rules! reasons {
    ($($name:ident, $blame:ident, $text:literal;)*) => {
        /// Why a call ended: a short fixed phrase in logs, on pages, in the call's record and in its Reason header (RFC 3326).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(from = "String", into = "&'static str")]
        pub enum Reason {
            $($name,)*
        }

        impl Reason {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The blame where nothing but the reason is known.
            pub const fn blame(self) -> Blame {
                match self {
                    $(Self::$name => Blame::$blame,)*
                }
            }
        }
    };
}

// docs/api.md lists the same, which a test below holds.
reasons! {
    Done, Nobody, "done";
    Person, Nobody, "asked for a person";
    CallBack, Nobody, "to be called back";
    Transferred, Nobody, "put through to a person";
    PersonHungUp, Nobody, "the person hung up";
    Goodbye, Nobody, "caller said goodbye";
    NoInput, Nobody, "no input";
    NotUnderstood, Nobody, "not understood";
    TooManyTurns, Nobody, "too many turns";
    Operator, Nobody, "ended by operator";
    HungUp, RemoteParty, "hung up";
    Cancelled, RemoteParty, "cancelled";
    HeldTooLong, RemoteParty, "held too long";
    PageClosed, RemoteParty, "the page closed the connection";
    PageDoesNotRead, RemoteParty, "the page does not read";
    TooManyMessages, RemoteParty, "too many messages";
    Busy, RemoteParty, "busy";
    Declined, RemoteParty, "declined";
    NoSuchNumber, RemoteParty, "no such number";
    NoAnswer, RemoteParty, "no answer";
    NoRtp, Network, "no RTP";
    NotAnswered, Network, "not answered";
    NotConnected, Network, "not connected";
    NoConnection, Network, "no connection came about";
    ConnectionLost, Network, "connection lost";
    NoAck, Network, "no ACK came";
    BadAck, Network, "the answer in the ACK does not fit our offer";
    NoRefresh, Network, "the session refresh did not come";
    Forgotten, Network, "the far end no longer knows the call";
    SignallingStopped, Network, "signalling stopped";
    NothingToSay, Engine, "nothing to say";
    CannotHear, Engine, "cannot hear";
    CannotSpeak, Engine, "cannot speak";
    ToolFailed, Engine, "tool failed";
    ModelFailed, Engine, "language model failed";
    ServerStopped, Server, "server stopped";
    CallLimit, Server, "call limit reached";
    MediaFull, Server, "media threads are full";
    MediaStopped, Server, "media stopped";
    ToolCrashed, Server, "tool crashed";
    CallCrashed, Server, "call crashed";
    NoTelephone, Server, "no telephone";
    LineDropped, Server, "the line was dropped";
    Deafened, Server, "the call's owner does not listen";
    Unknown, Server, "unknown";
}

impl Reason {
    /// By its text; [`Reason::Unknown`] of one that this version does not know.
    pub fn of(text: &str) -> Self {
        match text {
            // The text that `telephony` gives, and one that earlier versions wrote.
            "the server stops" => Self::ServerStopped,
            "ended by the operator" => Self::Operator,
            _ => Self::ALL.iter().copied().find(|reason| reason.text() == text).unwrap_or(Self::Unknown),
        }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.text()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl PartialSchema for Reason {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some("Why a call ended. `unknown`: for a reason that this version does not know."))
            .enum_values(Some(Self::ALL.iter().map(|reason| reason.text())))
            .into()
    }
}

impl ToSchema for Reason {
    fn name() -> Cow<'static, str> {
        "Reason".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn a_reason_is_written_and_read_as_its_text() {
        for reason in Reason::ALL {
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.text()));
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
        }
        let texts: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.text()).collect();
        assert_eq!(texts.len(), Reason::ALL.len(), "each text is one reason's");
        let read = |text: &str| serde_json::from_str::<Reason>(&format!("\"{text}\"")).unwrap();
        assert_eq!([read("ended by the operator"), read("bored")], [Reason::Operator, Reason::Unknown]);
    }

    /// The table under "Blame" in docs/api.md: a row for each blame, and in it its reasons.
    #[test]
    fn the_documents_list_every_reason_under_whom_it_blames_and_no_other() {
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
        let table = docs.split("| `blame` | `reason` |").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
        let mut written: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for row in table.lines().filter(|row| row.starts_with("| `")) {
            let mut texts = row.split('`').skip(1).step_by(2);
            written.insert(texts.next().unwrap(), texts.collect());
        }
        for blame in Blame::ALL {
            let reasons = Reason::ALL.iter().filter(|reason| reason.blame() == blame);
            assert_eq!(written[blame.name()], reasons.map(|reason| reason.text()).collect(), "{}", blame.name());
        }
        assert_eq!(written.len(), Blame::ALL.len());
    }
}
