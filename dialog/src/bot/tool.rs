//! `BotTool`: a tool of a bot's file, and where it is.
use super::filling;
use super::template::{Part, Template};
use crate::tool::{BuiltIn, HttpRequest, Method, ToolDefinition};
use serde_json::Value as Json;

/// A tool that the bot may call.
#[derive(Clone, Debug)]
pub struct BotTool {
    /// What the file says of it. Of a tool that others describe, the server adds what they say before a call begins.
    pub definition: ToolDefinition,
    pub source: ToolSource,
}

#[derive(Clone, Debug)]
pub enum ToolSource {
    Http(HttpTool),
    OpenApi(OpenApiTool),
    Mcp(McpTool),
    /// Whoever runs the call has it itself.
    BuiltIn(BuiltIn),
}

/// An HTTP request that is made of the arguments.
#[derive(Clone, Debug)]
pub struct HttpTool {
    pub method: Method,
    pub url: Template,
    /// Arguments that are appended to the address, where there are any; `None`: those that the address does not name, where nothing
    /// else takes them.
    pub query: Option<Vec<String>>,
    pub headers: Vec<(String, HeaderValue)>,
    pub body: HttpBody,
    /// Where in the answer stands what it gives (RFC 6901); empty: it is the answer itself.
    pub result: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum HttpBody {
    /// Every argument that the address does not name, where the method sends a body.
    Arguments,
    /// This one.
    Argument(String),
    /// JSON with gaps.
    Written(Json),
}

/// What a header field holds. Secrets are referred to, and read when they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    Text(String),
    /// A variable of the environment, or a file's first line.
    Secret {
        before: String,
        of: SecretSource,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Env(String),
    File(String),
}

/// One operation of an OpenAPI file.
#[derive(Clone, Debug)]
pub struct OpenApiTool {
    pub file: String,
    pub operation: String,
    /// In place of the file's own `servers`.
    pub server: Option<String>,
    pub headers: Vec<(String, HeaderValue)>,
    pub result: String,
}

/// One tool of an MCP server of the server's configuration.
#[derive(Clone, Debug)]
pub struct McpTool {
    pub server: String,
    pub tool: String,
    pub result: String,
}

impl HttpTool {
    /// The request that a call of it makes.
    pub fn request(&self, arguments: &Json) -> HttpRequest {
        let value_of = |part: &Part| match part {
            Part::Slot(gap) => Some(arguments.get(&gap.name).cloned().unwrap_or_default()),
            _ => Some(Json::Null),
        };
        let mut url = filling::address(&self.url, &value_of).unwrap_or_default();
        let named = |name: &str| self.url.slots().any(|gap| gap.name == name);
        let others = || arguments.as_object().into_iter().flatten().filter(|(name, _)| !named(name));
        let body = match &self.body {
            _ if !self.method.has_body() => None,
            HttpBody::Arguments => Some(Json::Object(others().map(|(name, v)| (name.clone(), v.clone())).collect())),
            HttpBody::Argument(name) => arguments.get(name).cloned(),
            HttpBody::Written(written) => filling::body(written, &value_of),
        };
        let queried: Vec<(&String, &Json)> = match &self.query {
            Some(names) => names.iter().filter_map(|name| Some((name, arguments.get(name)?))).collect(),
            None if self.method.has_body() => Vec::new(),
            None => others().collect(),
        };
        for (name, value) in queried {
            // One pair for each of several values (OpenAPI's `form` with `explode`).
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for value in values.iter().filter(|value| !value.is_null()) {
                let sign = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{sign}{}={}", filling::percent(name), filling::percent(&filling::plain(value)));
            }
        }
        HttpRequest { method: self.method, url, body }
    }

    /// What of an answer the tool gives; `None`: it has no such part.
    pub fn result<'a>(&self, answer: &'a Json) -> Option<&'a Json> {
        answer.pointer(&self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(method: Method, url: &str, body: HttpBody) -> HttpTool {
        let url = Template::parse(url).expect("a template");
        HttpTool { method, url, query: None, headers: Vec::new(), body, result: String::new() }
    }

    #[test]
    fn arguments_go_where_the_address_and_the_body_name_them_and_the_others_where_there_is_room() {
        let arguments = json!({ "id": "a/b ß", "people": 2, "tags": ["x", "y&z"], "note": null });
        let get = tool(Method::Get, "https://a.example/tables/{id}?v=1", HttpBody::Arguments).request(&arguments);
        assert_eq!(get.url, "https://a.example/tables/a%2Fb%20%C3%9F?v=1&people=2&tags=x&tags=y%26z");
        assert_eq!(get.body, None);
        let post = tool(Method::Post, "https://a.example/tables/{id}", HttpBody::Arguments).request(&arguments);
        assert_eq!(post.url, "https://a.example/tables/a%2Fb%20%C3%9F");
        assert_eq!(post.body, Some(json!({ "people": 2, "tags": ["x", "y&z"], "note": null })));
        let written = HttpBody::Written(json!({ "guests": "{people}", "text": "for {people}, {note}", "fixed": [1] }));
        let put = tool(Method::Put, "https://a.example/t", written).request(&arguments);
        assert_eq!(put.body, Some(json!({ "guests": 2, "text": "for 2, ", "fixed": [1] })));
        let one = HttpBody::Argument("tags".into());
        let patch = HttpTool { query: Some(vec!["people".into()]), ..tool(Method::Patch, "https://a.example/t", one) };
        let patch = patch.request(&arguments);
        assert_eq!((patch.url.as_str(), patch.body), ("https://a.example/t?people=2", Some(json!(["x", "y&z"]))));
    }

    #[test]
    fn an_argument_cannot_lead_to_another_host_or_path() {
        let tool = tool(Method::Get, "https://a.example/{path}/list", HttpBody::Arguments);
        for path in ["../..", "@evil.example", "//evil.example", "x?y#z", "\r\nHost: evil.example"] {
            let url = url::Url::parse(&tool.request(&json!({ "path": path })).url).expect("an address");
            assert_eq!(url.host_str(), Some("a.example"), "{path}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{path}: {url}");
        }
    }
}
