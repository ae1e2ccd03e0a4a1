//! `[tools.NAME]` of a bot file.
use super::check::{BotFault, Check, Gaps};
use super::request::method;
use crate::approval::ApprovalCall;
use crate::bot::file::tool::{EffectFile, HeaderFile, SecretFile, ToolConfirmFile, ToolFile};
use crate::bot::template::{Part, Template};
use crate::bot::tool::{BotTool, HeaderValue, HttpBody, HttpTool, McpTool, OpenApiTool, SecretSource, ToolSource};
use crate::knowledge::Knowledge;
use crate::tool::{BuiltIn, ConfirmedBy, Effect, HttpRequest, Method, ToolDefinition, arguments};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a tool may take where the file does not say.
const USUAL_LIMIT_MS: u64 = 8_000;

pub(super) fn tools(check: &Check, read: BTreeMap<String, ToolFile>) -> Result<Vec<BotTool>, BotFault> {
    read.into_iter().map(|(name, file)| tool(check, &format!("tools.{name}"), name, file)).collect()
}

fn tool(check: &Check, key: &str, name: String, file: ToolFile) -> Result<BotTool, BotFault> {
    if !ToolDefinition::is_name(&name)
        || [HttpRequest::TOOL, ApprovalCall::TOOL, Knowledge::TOOL].contains(&name.as_str())
    {
        let remedy =
            "use ASCII letters, figures and `_`, a letter first; `http`, `approval` and `search_documents` are taken";
        return check.fault(key, format!("{name:?} is no name of a tool"), remedy);
    }
    let limit = Duration::from_millis(file.timeout_ms.unwrap_or(USUAL_LIMIT_MS));
    if !(100..=60_000).contains(&limit.as_millis()) {
        return check.fault(format!("{key}.timeout_ms"), "is not a time a caller waits", "use 100 to 60000");
    }
    if let Some(filler) = &file.filler {
        check.plain(&format!("{key}.filler"), filler)?;
    }
    kind(check, key, &file)?;
    let builtin = builtin(check, key, &file)?;
    let parameters = match builtin {
        Some(tool) => tool.parameters(),
        None => parameters(check, key, &file)?,
    };
    let usual = match file.method.map(method) {
        Some(Method::Get) => Effect::Reads,
        None if file.url.is_some() && file.body.is_none() => Effect::Reads,
        _ => builtin.map_or(Effect::Acts, BuiltIn::effect),
    };
    let effect = match file.effect {
        Some(EffectFile::Reads) => Effect::Reads,
        Some(EffectFile::Acts) => Effect::Acts,
        None => usual,
    };
    let confirm = match (file.confirm, effect) {
        (Some(ToolConfirmFile::Nobody), _) => ConfirmedBy::Nobody,
        (Some(ToolConfirmFile::Supervisor), _) => ConfirmedBy::Supervisor,
        (Some(ToolConfirmFile::Caller), _) | (None, Effect::Acts) => ConfirmedBy::Caller,
        (None, Effect::Reads) => ConfirmedBy::Nobody,
    };
    let usual = builtin.map_or("", BuiltIn::description);
    let description = file.description.clone().unwrap_or_else(|| usual.to_owned());
    let filler = file.filler.clone();
    let source = match builtin {
        Some(tool) => ToolSource::BuiltIn(tool),
        None => source(check, key, file, &parameters)?,
    };
    let definition = ToolDefinition { name, description, parameters, effect, limit, confirm, filler };
    Ok(BotTool { definition, source })
}

/// Refuses keys that do not belong to the kind of tool.
fn kind(check: &Check, key: &str, file: &ToolFile) -> Result<(), BotFault> {
    let kinds = [
        ("url", file.url.is_some()),
        ("openapi", file.openapi.is_some()),
        ("mcp", file.mcp.is_some()),
        ("builtin", file.builtin.is_some()),
    ];
    let named: Vec<&str> = kinds.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    let [kind] = named.as_slice() else {
        let remedy = "give it one of `url`, `openapi` with `operation`, `mcp` with `tool`, and `builtin`";
        let problem =
            if named.is_empty() { "says not where it is".into() } else { format!("is {}", named.join(" and ")) };
        return check.fault(key, problem, remedy);
    };
    let belongs: [(&str, bool, &[&str]); 9] = [
        ("parameters", file.parameters.is_some(), &["url"]),
        ("optional", !file.optional.is_empty(), &["url"]),
        ("method", file.method.is_some(), &["url"]),
        ("body", file.body.is_some(), &["url"]),
        ("headers", !file.headers.is_empty(), &["url", "openapi"]),
        ("operation", file.operation.is_some(), &["openapi"]),
        ("server", file.server.is_some(), &["openapi"]),
        ("tool", file.tool.is_some(), &["mcp"]),
        ("result", file.result.is_some(), &["url", "openapi", "mcp"]),
    ];
    match belongs.iter().find(|(_, there, kinds)| *there && !kinds.contains(kind)) {
        Some((name, ..)) => {
            check.fault(format!("{key}.{name}"), format!("belongs to no tool with `{kind}`"), "remove it")
        }
        None => Ok(()),
    }
}

/// The built-in tool that is named.
fn builtin(check: &Check, key: &str, file: &ToolFile) -> Result<Option<BuiltIn>, BotFault> {
    let Some(name) = &file.builtin else { return Ok(None) };
    let Some(tool) = BuiltIn::of(name) else {
        let known: Vec<&str> = BuiltIn::ALL.into_iter().map(BuiltIn::name).collect();
        let remedy = format!("use one of {}", known.join(", "));
        return check.fault(format!("{key}.builtin"), format!("{name:?} is no built-in tool"), remedy);
    };
    match (&file.effect, tool.effect()) {
        (Some(EffectFile::Reads), Effect::Acts) => {
            check.fault(format!("{key}.effect"), format!("{name} acts"), "remove it")
        }
        (Some(EffectFile::Acts), Effect::Reads) => {
            check.fault(format!("{key}.effect"), format!("{name} reads"), "remove it")
        }
        _ => Ok(()),
    }?;
    Ok(Some(tool))
}

/// The JSON schema of the arguments.
fn parameters(check: &Check, key: &str, file: &ToolFile) -> Result<Json, BotFault> {
    // Others describe it.
    if file.url.is_none() {
        return Ok(json!({ "type": "object" }));
    }
    let properties = file.parameters.clone().unwrap_or_default();
    if let Some(name) = file.optional.iter().find(|name| !properties.contains_key(*name)) {
        let remedy = format!("add it to `{key}.parameters`");
        return check.fault(format!("{key}.optional"), format!("{name:?} is no parameter"), remedy);
    }
    let required: Vec<&String> = properties.keys().filter(|name| !file.optional.contains(name)).collect();
    let schema =
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    match arguments::schema_fault(&schema) {
        Some(fault) => {
            let remedy = "write a JSON schema for each: { type = \"integer\", minimum = 1, description = \"…\" }";
            check.fault(format!("{key}.parameters"), fault, remedy)
        }
        None => Ok(schema),
    }
}

fn source(check: &Check, key: &str, file: ToolFile, parameters: &Json) -> Result<ToolSource, BotFault> {
    let result = file.result.clone().unwrap_or_default();
    if !result.is_empty() && !result.starts_with('/') {
        let problem = format!("{result:?} is no JSON pointer");
        return check.fault(format!("{key}.result"), problem, "begin it with `/`: \"/orders\"");
    }
    if let Some(server) = file.mcp {
        let Some(tool) = file.tool else {
            return check.fault(format!("{key}.tool"), "is missing", "write what the MCP server calls it");
        };
        return Ok(ToolSource::Mcp(McpTool { server, tool, result }));
    }
    let headers = headers(check, key, file.headers)?;
    if let Some(path) = file.openapi {
        let Some(operation) = file.operation else {
            return check.fault(format!("{key}.operation"), "is missing", "write an `operationId` of the OpenAPI file");
        };
        let server = file.server;
        let tool = OpenApiTool { file: path, operation, server, headers, result };
        return Ok(ToolSource::OpenApi(tool));
    }
    let names: Vec<&str> =
        parameters["properties"].as_object().into_iter().flatten().map(|(n, _)| n.as_str()).collect();
    let gaps = Gaps { is_sent: true, ..Gaps::named(&names) };
    let url = address(check, &format!("{key}.url"), file.url.as_deref().unwrap_or_default(), &gaps)?;
    let usual = if file.body.is_some() { Method::Post } else { Method::Get };
    let method = file.method.map_or(usual, method);
    let body = match file.body {
        Some(_) if !method.has_body() => {
            let remedy = "use another method, or put the arguments into `url`";
            return check.fault(format!("{key}.body"), format!("a {} has no body", method.name()), remedy);
        }
        Some(body) => {
            super::request::body_gaps(check, &format!("{key}.body"), &body, &gaps)?;
            HttpBody::Written(body)
        }
        None => HttpBody::Arguments,
    };
    Ok(ToolSource::Http(HttpTool { method, url, query: None, headers, body, result }))
}

/// The address of a tool: its host stands as it is.
fn address(check: &Check, key: &str, text: &str, gaps: &Gaps) -> Result<Template, BotFault> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return check.fault(key, "is no web address", "begin it with http:// or https://");
    }
    let url = check.template(key, text, gaps)?;
    let filled = |value: &str| url.fill(|part| if let Part::Text(text) = part { text.clone() } else { value.into() });
    let authority = |text: &str| url::Url::parse(text).map(|url| url.origin().ascii_serialization());
    match (authority(&filled("1")), authority(&filled("2"))) {
        (Ok(one), Ok(other)) if one == other => Ok(url),
        (Ok(_), Ok(_)) => check.fault(key, "has a gap in its host", "write the host as it is"),
        (Err(problem), _) | (_, Err(problem)) => {
            check.fault(key, format!("is no web address: {problem}"), "write https://host/path")
        }
    }
}

fn headers(
    check: &Check,
    key: &str,
    read: BTreeMap<String, HeaderFile>,
) -> Result<Vec<(String, HeaderValue)>, BotFault> {
    let mut headers = Vec::new();
    for (name, value) in read {
        let at = format!("{key}.headers.{name}");
        let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !fits {
            return check.fault(at, "is no name of a header field", "write it as in `x-api-key`");
        }
        let value = match value {
            HeaderFile::Text(text) => HeaderValue::Text(text),
            HeaderFile::Secret(SecretFile { env: Some(name), file: None, before }) => {
                HeaderValue::Secret { before, of: SecretSource::Env(name) }
            }
            HeaderFile::Secret(SecretFile { env: None, file: Some(path), before }) => {
                HeaderValue::Secret { before, of: SecretSource::File(path) }
            }
            HeaderFile::Secret(_) => return check.fault(at, "says not where its secret is", "give it `env` or `file`"),
        };
        headers.push((name, value));
    }
    Ok(headers)
}
