//! `Asker`: who asks for a seat in a call, or guides its bot, and the record of what they did. The one place of these routes that knows how
//! somebody is known to the server.
use super::{ApiState, Problem};
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

/// The name of whoever has the API's token.
const ADMIN: &str = "admin";

pub(super) struct Asker {
    pub name: String,
}

impl FromRequestParts<ApiState> for Asker {
    type Rejection = std::convert::Infallible;

    /// The routes are behind the check of the token.
    async fn from_request_parts(_: &mut Parts, _: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self { name: ADMIN.into() })
    }
}

impl Asker {
    /// Notes what was done with a call.
    pub fn note(&self, did: &str, call: &str) {
        tracing::info!(who = %self.name, did, call, "supervision");
    }
}

/// The bot of a live call that is answered.
pub(super) async fn bot_of(state: &ApiState, id: &str) -> Result<String, Problem> {
    match state.app.store.live(id) {
        Some(call) if call.answered_at.is_some() => Ok(call.bot),
        Some(_) => Err(Problem::new(StatusCode::CONFLICT, "this call is not answered yet")),
        None if state.app.store.knows(id).await? => {
            Err(Problem::new(StatusCode::CONFLICT, "this call is over already"))
        }
        None => Err(Problem::no_call()),
    }
}
