//! The API's description (OpenAPI 3.1): the routes with what each says of itself, and what all of them can answer besides.
use super::{
    ApiState, agents, alerts, approvals, audit, bots, callbacks, calls, erase, health, live, memory, notes, numbers,
    oidc, phone_seat, recordings, rehearsal, seats, session, shares, tokens, users, wall, webhooks, widget, wire,
};
use crate::security::SESSION_COOKIE;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What 400 means where a route says nothing more.
const BAD_REQUEST: &str = "A parameter that is wrong or that this address does not take, or a body that cannot be read";

#[derive(OpenApi)]
#[openapi(
    info(title = "Switchboard", description = "Phone calls that bots answer: live and ended calls, recordings, events."),
    modifiers(&Bearer),
    security(("bearer" = []), ("cookie" = [])),
    components(schemas(
        crate::store::TimelineEvent, crate::store::LiveEvent, wire::Missed, wire::Snapshot, wire::ProblemDocument,
        wire::wall::WallSnapshot, wire::wall::WallChanges, wire::wall::CallSnapshot,
        wire::agents::QueueNews, wire::agents::OfferNews, wire::wall::AlertMessage, wire::approvals::WallApprovals
    ))
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, api: &mut Document) {
        let words = "An API token, or the one in `admin.token`. WebSockets from a browser send it as a subprotocol: `switchboard, bearer.TOKEN`.";
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build();
        api.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let words = "The session of a user who signed in (`POST /api/v1/session`); by TLS its name has the prefix `__Host-`. What changes something carries `x-csrf-token` with it.";
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(SESSION_COOKIE, words));
        api.components.get_or_insert_default().add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
        let words = "The token of one session, from `POST /api/v1/widget/sessions`.";
        let session = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build();
        api.components.get_or_insert_default().add_security_scheme("session", SecurityScheme::Http(session));
    }
}

/// What asks for the API's token, what asks for another right, and the description of both.
pub(super) fn described() -> (axum::Router<ApiState>, axum::Router<ApiState>, Document) {
    let api = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(calls::list, calls::dial))
        .routes(routes!(calls::one, calls::hang_up))
        .routes(routes!(recordings::recording, recordings::pause))
        .routes(routes!(rehearsal::read))
        .routes(routes!(seats::join, seats::list))
        .routes(routes!(phone_seat::call))
        .routes(routes!(phone_seat::dial_in))
        .routes(routes!(seats::patch, seats::leave))
        .routes(routes!(seats::hand_back))
        .routes(routes!(seats::guide))
        .routes(routes!(agents::set_available))
        .routes(routes!(agents::list))
        .routes(routes!(agents::queue))
        .routes(routes!(agents::offers))
        .routes(routes!(agents::accept, agents::decline))
        .routes(routes!(callbacks::list))
        .routes(routes!(callbacks::done))
        .routes(routes!(notes::list, notes::add))
        .routes(routes!(notes::tag))
        .routes(routes!(memory::read, memory::forget))
        .routes(routes!(shares::make))
        .routes(routes!(shares::open))
        .routes(routes!(erase::erase))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::decide))
        .routes(routes!(live::events))
        .routes(routes!(numbers::numbers))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::see))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::replay_all))
        .routes(routes!(wall::wall))
        .routes(routes!(wall::call))
        .routes(routes!(bots::list))
        .routes(routes!(bots::reload))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(session::sign_in, session::read, session::change_password, session::sign_out))
        .routes(routes!(session::welcome))
        .routes(routes!(oidc::ways))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::end))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::change, users::remove))
        .routes(routes!(tokens::list, tokens::make))
        .routes(routes!(tokens::revoke))
        .routes(routes!(audit::read))
        .routes(routes!(openapi));
    let pages = OpenApiRouter::default()
        .routes(routes!(widget::bots, widget::bots_preflight))
        .routes(routes!(widget::session, widget::session_preflight))
        .routes(routes!(widget::call, widget::call_preflight))
        .routes(routes!(widget::patch, widget::end, widget::patch_preflight));
    let (open, mut theirs) = pages.split_for_parts();
    let (closed, mut api) = api.split_for_parts();
    complete(&mut api, Asks::Principal);
    complete(&mut theirs, Asks::Other);
    api.merge(theirs);
    (closed, open, api)
}

/// The API's description as JSON.
pub fn description() -> String {
    let mut api = serde_json::to_value(described().2).unwrap_or_default();
    if flatten(&mut api).is_none() {
        tracing::error!("the API's description has no events");
    }
    api.to_string()
}

/// Makes each kind of event a schema of its own, and a timeline's event one of them: generators of clients read that, and not a
/// choice inside of a sum, which is what the types say.
fn flatten(api: &mut Value) -> Option<()> {
    let schemas = api.pointer_mut("/components/schemas")?.as_object_mut()?;
    let (event, timeline) = (schemas.remove("Event")?, schemas.remove("TimelineEvent")?);
    let stamp = timeline["allOf"].as_array()?.iter().find(|part| part.get("properties").is_some())?;
    let (mut choice, mut mapping) = (Vec::new(), Map::new());
    for variant in event["oneOf"].as_array()? {
        let mut parts = variant["allOf"].as_array().cloned().unwrap_or_else(|| vec![variant.clone()]);
        let kind = parts.iter().find_map(|part| part.pointer("/properties/event/enum/0")?.as_str())?.to_owned();
        parts.push(stamp.clone());
        let mut name = format!("{kind}Event");
        name.get_mut(..1)?.make_ascii_uppercase();
        let place = format!("#/components/schemas/{name}");
        schemas.insert(name, json!({"allOf": parts}));
        choice.push(json!({"$ref": place}));
        mapping.insert(kind, place.into());
    }
    let discriminator = json!({"propertyName": "event", "mapping": mapping});
    let words = &timeline["description"];
    schemas
        .insert("TimelineEvent".into(), json!({"oneOf": choice, "discriminator": discriminator, "description": words}));
    Some(())
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "description", operation_id = "describe",
    responses((status = OK, body = serde_json::Value)))]
pub(super) async fn openapi() -> impl axum::response::IntoResponse {
    static JSON: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    ([(axum::http::header::CONTENT_TYPE, "application/json")], JSON.get_or_init(description).as_str())
}

/// What routes ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Who it is: a token, or a session; but for health and for signing in.
    Principal,
    /// The token of a page's session, an origin, or nothing.
    Other,
}

/// Adds to each route what can be answered before its own code runs, and words where it gives none.
fn complete(api: &mut Document, asks: Asks) {
    for (path, item) in &mut api.paths.paths {
        for operation in operations(item) {
            let mut more = Vec::new();
            if !path.starts_with("/health/") {
                let words = "All connections are taken, or the database does not answer; with Retry-After";
                more.push((StatusCode::SERVICE_UNAVAILABLE, words));
                // Where somebody becomes known, nobody has to be.
                if asks == Asks::Principal && operation.security.is_none() {
                    more.push((StatusCode::UNAUTHORIZED, "No token or session, or one that is over"));
                    let known_alone = matches!(operation.operation_id.as_deref(), Some("read_session" | "describe"));
                    let words = "`right` is missing (`code` is `right_missing`), or, by cookie, `x-csrf-token` is, or the page is another site's";
                    if !known_alone {
                        more.push((StatusCode::FORBIDDEN, words));
                    }
                }
            }
            if asks == Asks::Other {
                let words = "This server takes no calls from pages: `code` is `widget_off` (widget.enabled)";
                more.push((StatusCode::FORBIDDEN, words));
            }
            more.push((StatusCode::GATEWAY_TIMEOUT, "No answer came within 30 s"));
            more.push((StatusCode::BAD_REQUEST, BAD_REQUEST));
            if let Some(RefOr::T(body)) = &operation.request_body {
                more.push((StatusCode::PAYLOAD_TOO_LARGE, "The body is longer than 64 kB"));
                more.push((StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of another content type"));
                if body.content.contains_key("application/json") {
                    more.push((StatusCode::UNPROCESSABLE_ENTITY, "The body is JSON, and not what it should be"));
                }
            }
            let answers = &mut operation.responses.responses;
            for (status, words) in more {
                answers.entry(status.as_str().to_owned()).or_insert_with(|| RefOr::T(problem(words)));
            }
            for (status, response) in answers {
                let RefOr::T(response) = response else { continue };
                if response.description.is_empty() {
                    response.description = words(status).into();
                }
                for (kind, content) in &mut response.content {
                    if let RefOr::T(content) = content
                        && kind.starts_with("audio/")
                    {
                        content.schema = Some(bytes());
                    }
                }
            }
        }
        // Preflights are answered whatever is wrong with the server.
        for answer in item.options.iter_mut().flat_map(|preflight| preflight.responses.responses.values_mut()) {
            if let RefOr::T(answer) = answer {
                answer.description = "What pages of the asking origin may do".into();
            }
        }
    }
}

/// Each operation of an address but the preflight.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// A body that is no text.
fn bytes() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).format(Some(format)).into()
}

/// A problem document, for a reason.
fn problem(words: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    ResponseBuilder::new().description(words).content("application/problem+json", content).build()
}

/// What a status means where its route says nothing more.
fn words(status: &str) -> &'static str {
    match status {
        "200" => "Done",
        "201" => "Made",
        "202" => "It will be done in a moment",
        "204" => "Done, and nothing to say",
        "206" => "A part of it",
        "400" => BAD_REQUEST,
        "404" => "There is no such call, or it has no such thing",
        "415" => "The body is of another content type",
        "500" => "The server failed; its log says why",
        "503" => "Not at present",
        _ => "As the status says",
    }
}
