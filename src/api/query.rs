//! The query of a request: each route takes the parameters that its description names, and none besides.
use super::Problem;
use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi as Document, RefOr};

/// The longest part of an unknown name that a refusal repeats.
const NAME: usize = 40;

/// The query parameters of every described route but preflights, by method and path.
#[derive(Clone)]
pub(super) struct QueryParameters(Arc<BTreeMap<(String, String), Vec<String>>>);

impl QueryParameters {
    pub(super) fn of(api: &Document) -> Self {
        let routes = api.paths.paths.iter().flat_map(|(path, item)| {
            let PathItem { get, put, post, delete, patch, .. } = item;
            let methods = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)];
            methods.into_iter().filter_map(move |(method, operation)| {
                Some(((method.to_owned(), path.clone()), names(operation.as_ref()?)))
            })
        });
        Self(Arc::new(routes.collect()))
    }

    /// `None`: no such route, or a preflight. HEAD is answered as GET.
    fn of_route(&self, method: &Method, path: &str) -> Option<&[String]> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.to_string(), path.to_owned())).map(Vec::as_slice)
    }
}

fn names(operation: &Operation) -> Vec<String> {
    let all = operation.parameters.iter().flatten();
    let query = all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => Some(parameter.name.clone()),
        _ => None,
    });
    query.collect()
}

/// Refuses a request with a query parameter that its route does not take.
pub(super) async fn check(State(known): State<QueryParameters>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // A method that the address does not take is refused after this; a page could not read why its preflight is.
    let Some(taken) = known.of_route(request.method(), path) else { return next.run(request).await };
    let given = match Query::<Vec<(String, String)>>::try_from_uri(request.uri()) {
        Ok(Query(given)) => given,
        Err(rejection) => return rejection.into_response(),
    };
    match given.iter().find(|(name, _)| !taken.contains(name)) {
        None => next.run(request).await,
        Some((name, _)) => Problem::new(StatusCode::BAD_REQUEST, refusal(name, taken)).into_response(),
    }
}

fn refusal(name: &str, taken: &[String]) -> String {
    let name: String = name.chars().take(NAME).collect();
    let taken = match taken {
        [] => "no query parameters".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    format!("`{name}` is no query parameter of this address, which takes {taken}")
}
