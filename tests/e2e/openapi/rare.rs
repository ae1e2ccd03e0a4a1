//! What the description promises and the walk does not see.
use super::{EVENTS, LIVE};

/// No more is promised than comes, but for what takes a broken disk, a full house or half a minute to see.
pub(super) fn is_rare(one: &str) -> bool {
    let (route, status) = one.rsplit_once(' ').expect("a status");
    !match status {
        "504" | "503" => false,
        // A provider that signs people in: src/api/tests/oidc.rs.
        "200" | "429" | "502" if route.starts_with("POST /api/v1/oidc") => false,
        "500" => !matches!(route, "GET /api/v1/calls/{id}/recording" | "POST /api/v1/bots/reload"),
        // A caller who is handed over: tests/e2e/person.rs.
        "201" | "422" => route != "POST /api/v1/offers/{id}",
        // A supervisor at a telephone: tests/e2e/phone_seat.rs.
        "202" => !route.starts_with("POST /api/v1/calls/{id}/seats/"),
        "204" => route != "DELETE /api/v1/offers/{id}",
        "403" => route != "GET /api/v1/widget/bots",
        "426" => ![EVENTS, "/api/v1/wall", LIVE].map(|socket| format!("GET {socket}")).contains(&route.to_owned()),
        "429" => !["POST /api/v1/widget/calls", "POST /api/v1/calls/{id}/guidance"].contains(&route),
        // What waits for a supervisor, and who decides on it: src/api/tests/approvals.rs.
        // A caller who wants to be called back: src/api/tests/agents.rs.
        "200" => !matches!(route, "POST /api/v1/approvals/{id}" | "PUT /api/v1/callbacks/{id}/done"),
        "409" => route != "POST /api/v1/approvals/{id}",
        _ => true,
    }
}
