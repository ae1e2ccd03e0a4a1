//! Operations of an OpenAPI file, and what they come to as tools.
use super::*;
use dialog::tool::{ConfirmedBy, Effect};
use std::time::Duration;

const SHOP: &str = r##"{
  "openapi": "3.0.3",
  "servers": [{ "url": "https://shop.example/v2/" }],
  "paths": {
    "/orders/{order-id}": {
      "parameters": [{ "$ref": "#/components/parameters/order" }],
      "get": {
        "operationId": "getOrder",
        "summary": "Reads an order.",
        "description": "With its items.",
        "parameters": [
          { "name": "fields", "in": "query", "schema": { "type": "array", "items": { "type": "string" } } },
          { "name": "x-trace", "in": "header", "schema": { "type": "string" } }
        ]
      },
      "put": {
        "operationId": "changeOrder",
        "requestBody": {
          "required": true,
          "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Order" } } }
        }
      },
      "delete": {
        "operationId": "dropOrder",
        "parameters": [{ "name": "x-reason", "in": "header", "required": true, "schema": { "type": "string" } }]
      }
    },
    "/forms": {
      "post": {
        "operationId": "sendForm",
        "requestBody": { "required": true, "content": { "multipart/form-data": { "schema": {} } } }
      }
    },
    "/far": { "get": { "operationId": "far", "parameters": [{ "$ref": "other.json#/a" }] } }
  },
  "components": {
    "parameters": {
      "order": { "name": "order-id", "in": "path", "required": true, "schema": { "type": "string", "minLength": 2 } }
    },
    "schemas": {
      "Order": {
        "type": "object",
        "required": ["people"],
        "properties": {
          "people": { "type": "integer", "minimum": 0, "exclusiveMinimum": true, "example": 2 },
          "note": { "type": "string", "nullable": true },
          "part_of": { "$ref": "#/components/schemas/Order" }
        }
      }
    }
  }
}"##;

fn tool(operation: &str) -> OpenApiTool {
    let (file, operation) = ("shop.json".to_owned(), operation.to_owned());
    OpenApiTool { file, operation, server: None, headers: Vec::new(), result: String::new() }
}

fn definition() -> ToolDefinition {
    ToolDefinition {
        name: "order".into(),
        description: String::new(),
        parameters: json!({ "type": "object" }),
        effect: Effect::Reads,
        limit: Duration::from_secs(8),
        confirm: ConfirmedBy::Nobody,
        filler: None,
    }
}

#[test]
fn an_operation_has_its_parameters_as_a_schema_and_each_argument_in_its_place() {
    let mut definition = definition();
    let http = resolve(SHOP, &tool("getOrder"), &mut definition).unwrap();
    assert_eq!(definition.description, "Reads an order. With its items.");
    assert_eq!(definition.parameters["required"], json!(["order-id"]));
    assert_eq!(definition.parameters["properties"]["order-id"], json!({ "type": "string", "minLength": 2 }));
    assert!(definition.parameters["properties"].get("x-trace").is_none());
    let request = http.request(&json!({ "order-id": "a/1", "fields": ["x", "y"] }));
    assert_eq!(request.url, "https://shop.example/v2/orders/a%2F1?fields=x&fields=y");
    assert_eq!((request.method, request.body), (Method::Get, None));
}

#[test]
fn a_body_is_one_argument_and_what_3_0_writes_otherwise_is_json_schema() {
    let mut definition = definition();
    let http = resolve(SHOP, &tool("changeOrder"), &mut definition).unwrap();
    for (arguments, fits) in [
        (json!({ "order-id": "77", "body": { "people": 1, "note": null } }), true),
        (json!({ "order-id": "77", "body": { "people": 1, "part_of": { "people": 2 } } }), true),
        (json!({ "order-id": "77", "body": { "people": 0 } }), false),
        (json!({ "order-id": "77", "body": { "people": 1, "part_of": {} } }), false),
        (json!({ "order-id": "77" }), false),
        (json!({ "order-id": "7", "body": { "people": 1 } }), false),
    ] {
        assert_eq!(arguments::check(&definition, &arguments).is_ok(), fits, "{arguments}");
    }
    let request = http.request(&json!({ "order-id": "77", "body": { "people": 1 } }));
    assert_eq!((request.method, request.body), (Method::Put, Some(json!({ "people": 1 }))));
}

#[test]
fn the_same_is_read_from_3_1() {
    let text =
        SHOP.replace("3.0.3", "3.1.0").replace("\"minimum\": 0, \"exclusiveMinimum\": true", "\"exclusiveMinimum\": 0");
    let text = text.replace("\"type\": \"string\", \"nullable\": true", "\"type\": [\"string\", \"null\"]");
    let mut definition = definition();
    resolve(&text, &tool("changeOrder"), &mut definition).unwrap();
    let fits = |people: i64| {
        arguments::check(&definition, &json!({ "order-id": "77", "body": { "people": people, "note": null } }))
    };
    assert!(fits(1).is_ok() && fits(0).is_err());
}

#[test]
fn the_same_is_read_from_yaml() {
    let text = "openapi: 3.1\nservers:\n  - url: https://shop.example/v2\npaths:\n  /orders/{id}:\n    put:\n      operationId: changeOrder\n\
                \x20     summary: Changes an order.\n      parameters:\n        - { name: id, in: path, required: true, schema: { type: string, minLength: 2 } }\n\
                \x20     requestBody:\n        required: true\n        content:\n          application/json:\n            schema: &order\n\
                \x20             type: object\n              required: [people]\n              properties:\n                people: { type: integer, exclusiveMinimum: 0 }\n\
                \x20             additionalProperties: false\n      responses:\n        200:\n          description: Done.\n          content:\n            application/json:\n              schema: *order\n";
    let mut definition = definition();
    let http = resolve(text, &tool("changeOrder"), &mut definition).unwrap();
    assert_eq!(definition.description, "Changes an order.");
    for (arguments, fits) in [
        (json!({ "id": "77", "body": { "people": 2 } }), true),
        (json!({ "id": "77", "body": { "people": 0 } }), false),
        (json!({ "id": "7", "body": { "people": 2 } }), false),
    ] {
        assert_eq!(arguments::check(&definition, &arguments).is_ok(), fits, "{arguments}");
    }
    let request = http.request(&json!({ "id": "77", "body": { "people": 2 } }));
    assert_eq!((request.method, request.url.as_str()), (Method::Put, "https://shop.example/v2/orders/77"));
    let answers = read(text).unwrap();
    assert_eq!(answers["paths"]["/orders/{id}"]["put"]["responses"]["200"]["description"], "Done.");
}

#[test]
fn what_cannot_be_used_is_told_with_what_to_do() {
    let fault = |text: &str, tool: &OpenApiTool| resolve(text, tool, &mut definition()).expect_err("a fault");
    for (text, operation, told) in [
        (SHOP.to_owned(), "noSuch", "it has: "),
        (SHOP.to_owned(), "dropOrder", "`headers`"),
        (SHOP.to_owned(), "sendForm", "no JSON"),
        (SHOP.to_owned(), "far", "one file"),
        (SHOP.replace("3.0.3", "2.0"), "getOrder", "OpenAPI 2.0"),
        (SHOP.replace("https://shop.example/v2/", "/v2"), "getOrder", "`server`"),
        ("openapi: [3".to_owned(), "getOrder", "neither JSON nor YAML"),
        ("{\"openapi\": ".to_owned(), "getOrder", "no JSON"),
        ("openapi: 3.0.3".to_owned(), "getOrder", "no operation"),
        (SHOP.replace("components/parameters/order\"", "components/parameters/none\""), "getOrder", "lacks"),
    ] {
        let why = fault(&text, &tool(operation));
        assert!(why.contains(told), "{operation}: {why}");
    }
    let reason = ("X-Reason".to_owned(), dialog::bot::HeaderValue::Text("by telephone".into()));
    let with = OpenApiTool { headers: vec![reason], ..tool("dropOrder") };
    assert_eq!(resolve(SHOP, &with, &mut definition()).unwrap().method, Method::Delete);
    let with = OpenApiTool { server: Some("https://other.example".into()), ..tool("getOrder") };
    let http = resolve(&SHOP.replace("https://shop.example/v2/", "/v2"), &with, &mut definition()).unwrap();
    assert_eq!(http.request(&json!({ "order-id": "77" })).url, "https://other.example/orders/77");
}
