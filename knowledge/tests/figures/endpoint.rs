//! An endpoint of embeddings that is asked for figures: HTTP on this machine, without TLS, and patient.
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// `http://HOST:PORT/v1`, a model, and what some endpoints want to be told of each text (`input_type`).
pub struct Endpoint {
    pub url: String,
    pub model: String,
    pub question_type: Option<String>,
    pub passage_type: Option<String>,
}

impl Endpoint {
    /// Of `SWITCHBOARD_EMBEDDINGS=http://…/v1`, with `SWITCHBOARD_EMBEDDINGS_MODEL` and `…_TYPES=query,passage` beside it.
    pub fn of_environment() -> Option<Endpoint> {
        let url = std::env::var("SWITCHBOARD_EMBEDDINGS").ok()?;
        let model = std::env::var("SWITCHBOARD_EMBEDDINGS_MODEL").unwrap_or_default();
        let types = std::env::var("SWITCHBOARD_EMBEDDINGS_TYPES").ok();
        let types = types.as_deref().and_then(|types| types.split_once(','));
        let (question_type, passage_type) = types.map(|(one, other)| (one.to_owned(), other.to_owned())).unzip();
        Some(Endpoint { url, model, question_type, passage_type })
    }

    pub fn passages(&self, texts: &[String]) -> Vec<Vec<f32>> {
        texts.chunks(32).flat_map(|batch| self.ask(batch, self.passage_type.as_deref())).collect()
    }

    pub fn question(&self, text: &str) -> Vec<f32> {
        self.ask(&[text.to_owned()], self.question_type.as_deref()).remove(0)
    }

    fn ask(&self, texts: &[String], kind: Option<&str>) -> Vec<Vec<f32>> {
        let mut body = json!({ "model": self.model, "input": texts, "encoding_format": "float" });
        if let Some(kind) = kind {
            body["input_type"] = kind.into();
        }
        let body = body.to_string();
        let (host, path) = self.url.strip_prefix("http://").and_then(|url| url.split_once('/')).expect("http://…/v1");
        let mut stream = TcpStream::connect(host).expect("an endpoint");
        let head = format!(
            "POST /{path}/embeddings HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("it takes a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
        let answer: Value = serde_json::from_str(json).expect("JSON");
        let rows = answer["data"].as_array().expect("data");
        let numbers = |row: &Value| {
            row["embedding"]
                .as_array()
                .expect("embedding")
                .iter()
                .map(|n| n.as_f64().expect("a number") as f32)
                .collect()
        };
        rows.iter().map(numbers).collect()
    }
}
