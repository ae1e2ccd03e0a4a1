//! `Words`: what the bot said: captions of a browser's call, or read from the API of a server on the same machine. Without
//! them the call is shown without words.
use reqwest::Client;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;

pub(super) enum Words {
    Captions(mpsc::Receiver<String>),
    Api(Api),
}

impl Words {
    /// What the bot has said since the last question.
    pub(super) async fn news(&mut self) -> Vec<String> {
        match self {
            Self::Captions(captions) => std::iter::from_fn(|| captions.try_recv().ok()).collect(),
            Self::Api(api) => api.news().await,
        }
    }
}

pub(super) struct Api {
    client: Client,
    /// `http://127.0.0.1:8080/api/v1/calls`
    calls: String,
    token: String,
    /// The user part this call comes from, which no other call has.
    caller: String,
    id: Option<String>,
    told: usize,
}

impl Api {
    /// `None` where there is no readable token: the words are an extra.
    pub(super) fn find(api: &str, token_file: &Path, caller: String) -> Option<Self> {
        let token = std::fs::read_to_string(token_file).ok()?.trim().to_owned();
        // The client wants a crypto provider, though it speaks to this machine in the clear. One may be there already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder().no_proxy().timeout(Duration::from_millis(500)).build().ok()?;
        let calls = format!("{}/api/v1/calls", api.trim_end_matches('/'));
        Some(Self { client, calls, token, caller, id: None, told: 0 })
    }

    /// What the bot has said since the last question.
    async fn news(&mut self) -> Vec<String> {
        if self.id.is_none() {
            let live = self.get(&format!("{}?state=live&limit=200", self.calls)).await;
            self.id = live.and_then(|list| find_call(&list, &self.caller));
        }
        let Some(id) = &self.id else { return Vec::new() };
        let Some(call) = self.get(&format!("{}/{id}", self.calls)).await else { return Vec::new() };
        let said = bot_turns(&call);
        let news = said.get(self.told..).unwrap_or_default().to_vec();
        self.told = self.told.max(said.len());
        news
    }

    async fn get(&self, url: &str) -> Option<Value> {
        let answer = self.client.get(url).bearer_auth(&self.token).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }
}

/// The id of the call whose `from` names `caller`. The list may be the answer itself or its field `calls`.
fn find_call(list: &Value, caller: &str) -> Option<String> {
    let calls = list.as_array().or_else(|| list["calls"].as_array())?;
    let ours = calls.iter().find(|call| call["from"].as_str().is_some_and(|from| from.contains(caller)))?;
    ours["id"].as_str().map(str::to_owned)
}

fn bot_turns(call: &Value) -> Vec<String> {
    let turns = call["turns"].as_array().map(Vec::as_slice).unwrap_or_default();
    let bots = turns.iter().filter(|turn| turn["speaker"] == "bot");
    bots.filter_map(|turn| turn["text"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_own_call_is_found_among_the_live_ones_and_the_bots_words_in_it() {
        let calls = json!([{ "id": "1", "from": "sip:other@host" }, { "id": "2", "from": "sip:softphone-1@host" }]);
        assert_eq!(find_call(&calls, "softphone-1").as_deref(), Some("2"));
        assert_eq!(find_call(&json!({ "calls": calls }), "softphone-1").as_deref(), Some("2"));
        assert_eq!(find_call(&json!({ "error": "x" }), "softphone-1"), None);
        let call = json!({ "turns": [
            { "speaker": "bot", "text": "Hello." }, { "speaker": "caller", "text": "hi" }, { "speaker": "bot", "text": "Which room?" },
        ] });
        assert_eq!(bot_turns(&call), ["Hello.", "Which room?"]);
    }
}
