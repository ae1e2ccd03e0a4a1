//! One operation of an OpenAPI file (3.0 or 3.1) as a tool: its parameters as a schema, its address, where each argument goes.
use dialog::bot::{HttpBody, HttpTool, OpenApiTool, Part, SlotGap, Template};
use dialog::tool::{Method, ToolDefinition, arguments};
use reqwest::Url;
use serde_json::{Map, Value, json};

mod yaml;

/// The argument that is the body.
const BODY: &str = "body";

/// So deep schemas are followed; what lies deeper may be anything, as in a schema that names itself.
const DEEPEST: usize = 12;

/// A longer description is cut: a model reads it with every turn.
const LONGEST: usize = 1_000;

/// Makes a tool of an operation, and completes its definition with what the file says.
///
/// # Errors
/// Why the operation cannot be used, and what to do.
pub fn resolve(text: &str, tool: &OpenApiTool, definition: &mut ToolDefinition) -> Result<HttpTool, String> {
    let document = read(text)?;
    let document = Document { root: &document, is_3_0: is_3_0(&document)? };
    let (path, method, item, operation) = document.operation(&tool.operation)?;
    let server = document.server(tool, item, operation)?;
    let mut taken = Taken::default();
    for parameter in document.parameters(item, operation)? {
        document.take(parameter, tool, &mut taken)?;
    }
    let body = document.body(operation, &mut taken)?;
    let url = template(&server, path, &taken.in_path)?;
    let schema = json!({
        "type": "object", "properties": taken.properties, "required": taken.required, "additionalProperties": false
    });
    if let Some(fault) = arguments::schema_fault(&schema) {
        return Err(format!("the schema of {:?} {fault}", tool.operation));
    }
    definition.parameters = schema;
    if definition.description.is_empty() {
        let texts = ["summary", "description"].map(|key| operation.get(key).and_then(Value::as_str));
        let text: Vec<&str> = texts.into_iter().flatten().collect();
        definition.description = text.join(" ").chars().take(LONGEST).collect();
    }
    let (headers, result) = (tool.headers.clone(), tool.result.clone());
    Ok(HttpTool { method, url, query: Some(taken.in_query), headers, body, result })
}

/// A file of JSON, or of YAML.
fn read(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(document) => Ok(document),
        Err(why) if text.trim_start().starts_with(['{', '[']) => Err(format!("is no JSON: {why}")),
        Err(_) => yaml::read(text).map_err(|why| format!("is neither JSON nor YAML: {why}")),
    }
}

fn is_3_0(document: &Value) -> Result<bool, String> {
    // YAML reads `3.1` as a number.
    let version =
        document.get("openapi").map(|version| version.as_str().map_or_else(|| version.to_string(), str::to_owned));
    match version.as_deref() {
        Some(version) if version.starts_with("3.0") => Ok(true),
        Some(version) if version.starts_with("3.1") => Ok(false),
        version => Err(format!("is OpenAPI {}, and 3.0 and 3.1 are read", version.unwrap_or("of no version"))),
    }
}

/// The arguments of an operation, so far.
#[derive(Default)]
struct Taken {
    properties: Map<String, Value>,
    required: Vec<String>,
    in_path: Vec<String>,
    in_query: Vec<String>,
}

struct Document<'a> {
    root: &'a Value,
    is_3_0: bool,
}

impl<'a> Document<'a> {
    /// The operation of this id, with its path, its method and the item of the path.
    fn operation(&self, id: &str) -> Result<(&'a str, Method, &'a Value, &'a Value), String> {
        let paths = self.root.get("paths").and_then(Value::as_object);
        let mut known = Vec::new();
        for (path, item) in paths.into_iter().flatten() {
            let item = self.follow(item)?;
            for method in Method::ALL {
                let Some(operation) = item.get(method.name().to_ascii_lowercase()) else { continue };
                match operation.get("operationId").and_then(Value::as_str) {
                    Some(of) if of == id => return Ok((path, method, item, operation)),
                    of => known.extend(of),
                }
            }
        }
        known.truncate(20);
        Err(format!("has no operation {id:?}; it has: {}", known.join(", ")))
    }

    fn server(&self, tool: &OpenApiTool, item: &Value, operation: &Value) -> Result<String, String> {
        let of = |value: &Value| Some(value.get("servers")?.get(0)?.get("url")?.as_str()?.to_owned());
        let server = tool.server.clone().or_else(|| of(operation)).or_else(|| of(item)).or_else(|| of(self.root));
        match server {
            Some(server) if server.starts_with("http") && !server.contains('{') && Url::parse(&server).is_ok() => {
                Ok(server.trim_end_matches('/').to_owned())
            }
            _ => Err("names no server by a whole address: give the tool `server`".into()),
        }
    }

    /// The parameters of the path and of the operation, which overrides them.
    fn parameters(&self, item: &'a Value, operation: &'a Value) -> Result<Vec<&'a Value>, String> {
        let mut all: Vec<&Value> = Vec::new();
        for parameter in [item, operation].into_iter().filter_map(|of| of.get("parameters")?.as_array()).flatten() {
            let parameter = self.follow(parameter)?;
            all.retain(|other| other.get("name") != parameter.get("name") || other.get("in") != parameter.get("in"));
            all.push(parameter);
        }
        Ok(all)
    }

    fn take(&self, parameter: &Value, tool: &OpenApiTool, taken: &mut Taken) -> Result<(), String> {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, is_required) = (text("name").to_owned(), parameter.get("required") == Some(&Value::Bool(true)));
        match text("in") {
            "path" => taken.in_path.push(name.clone()),
            "query" => taken.in_query.push(name.clone()),
            "header" if tool.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(&name)) => return Ok(()),
            place if is_required => {
                return Err(format!(
                    "the operation needs {name:?} in its {place}: give the tool `headers`, or another operation"
                ));
            }
            _ => return Ok(()),
        }
        let Some(schema) = parameter.get("schema") else {
            return if is_required { Err(format!("the parameter {name:?} has no schema")) } else { Ok(()) };
        };
        let mut schema = self.schema(schema, 0)?;
        if let (Some(description), Some(schema)) = (parameter.get("description"), schema.as_object_mut()) {
            schema.entry("description").or_insert_with(|| description.clone());
        }
        if taken.properties.insert(name.clone(), schema).is_some() {
            return Err(format!("two of its parameters are called {name:?}"));
        }
        if is_required {
            taken.required.push(name);
        }
        Ok(())
    }

    fn body(&self, operation: &Value, taken: &mut Taken) -> Result<HttpBody, String> {
        let Some(body) = operation.get("requestBody") else { return Ok(HttpBody::Argument(BODY.into())) };
        let body = self.follow(body)?;
        let is_required = body.get("required") == Some(&Value::Bool(true));
        let content = body.get("content").and_then(Value::as_object).into_iter().flatten();
        let is_json = |of: &str| of.starts_with("application/json") || of.contains("+json");
        let schema = content.filter(|(of, _)| is_json(of)).find_map(|(_, of)| of.get("schema"));
        match schema {
            Some(schema) => {
                if taken.properties.insert(BODY.into(), self.schema(schema, 0)?).is_some() {
                    return Err("one of its parameters is called \"body\", as its body is".into());
                }
                if is_required {
                    taken.required.push(BODY.into());
                }
            }
            None if is_required => return Err("its body is no JSON".into()),
            None => {}
        }
        Ok(HttpBody::Argument(BODY.into()))
    }

    /// What a `$ref` names, within this file.
    fn follow(&self, value: &'a Value) -> Result<&'a Value, String> {
        let mut value = value;
        for _ in 0..DEEPEST {
            let Some(at) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
            value = self.target(at)?;
        }
        Err("has a circle of $ref".into())
    }

    fn target(&self, at: &str) -> Result<&'a Value, String> {
        let pointer = at.strip_prefix('#').ok_or_else(|| format!("refers to {at}: put all into one file"))?;
        self.root.pointer(pointer).ok_or_else(|| format!("refers to {at}, which it lacks"))
    }

    /// A schema as JSON schema, with what it refers to in place.
    fn schema(&self, schema: &Value, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Ok(json!({}));
        }
        let Some(object) = schema.as_object() else { return Ok(schema.clone()) };
        let mut out = Map::new();
        if let Some(at) = object.get("$ref").and_then(Value::as_str)
            && let Value::Object(all) = self.schema(self.target(at)?, depth + 1)?
        {
            out = all;
        }
        for (key, value) in object {
            match key.as_str() {
                "$ref" | "example" | "examples" | "xml" | "discriminator" | "externalDocs" | "nullable" => {}
                "properties" | "$defs" | "patternProperties" => {
                    let all = value.as_object().into_iter().flatten();
                    let all = all.map(|(name, of)| Ok((name.clone(), self.schema(of, depth + 1)?)));
                    out.insert(key.clone(), Value::Object(all.collect::<Result<_, String>>()?));
                }
                "items" | "additionalProperties" | "not" => {
                    drop(out.insert(key.clone(), self.schema(value, depth + 1)?))
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let all = value.as_array().into_iter().flatten().map(|of| self.schema(of, depth + 1));
                    out.insert(key.clone(), Value::Array(all.collect::<Result<_, String>>()?));
                }
                _ => drop(out.insert(key.clone(), value.clone())),
            }
        }
        if self.is_3_0 {
            of_3_0(&mut out, object.get("nullable") == Some(&Value::Bool(true)));
        }
        Ok(Value::Object(out))
    }
}

/// What OpenAPI 3.0 writes otherwise than JSON schema.
fn of_3_0(schema: &mut Map<String, Value>, is_nullable: bool) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(Value::Bool(is)) = schema.get(exclusive).cloned() {
            schema.remove(exclusive);
            if is && let Some(limit) = schema.remove(bound) {
                schema.insert(exclusive.into(), limit);
            }
        }
    }
    if is_nullable {
        if let Some(Value::String(of)) = schema.get("type").cloned() {
            schema.insert("type".into(), json!([of, "null"]));
        }
        if let Some(Value::Array(values)) = schema.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
    }
}

/// The address, with a gap for each parameter of its path.
fn template(server: &str, path: &str, in_path: &[String]) -> Result<Template, String> {
    let mut parts = vec![Part::Text(server.to_owned())];
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("the path {path:?} lacks a `}}`"))?;
        if !in_path.iter().any(|known| known == name) {
            return Err(format!("the path {path:?} has {{{name}}}, which is no parameter"));
        }
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Slot(SlotGap { name: name.to_owned(), say_as: None, optional: false }));
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(Template(parts))
}

#[cfg(test)]
mod tests;
