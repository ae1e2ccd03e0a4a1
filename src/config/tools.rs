//! `[tools]`: whom the tools of bots may ask, and the MCP servers whose tools they may call.
use super::{Network, blank};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tools {
    /// The hosts that tools may ask; empty: those that the files of bots name.
    pub hosts: Vec<String>,
    /// Networks whose addresses are not public and may be asked all the same.
    pub networks: Vec<Network>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mcp: BTreeMap<String, McpServer>,
}

/// An MCP server: a program that is started, or an address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpServer {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The variables of our environment that the program gets, beside PATH, HOME and LANG.
    pub env: Vec<String>,
    #[serde(with = "blank")]
    pub url: Option<String>,
    /// Sent as `Authorization: Bearer …`.
    #[serde(with = "blank::path")]
    pub token_file: Option<PathBuf>,
    #[serde(with = "blank")]
    pub token_env: Option<String>,
}

impl Tools {
    /// Whether tools may ask this host.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let fits = |listed: &String| match listed.to_ascii_lowercase().strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => listed.eq_ignore_ascii_case(&host),
        };
        self.hosts.is_empty() || self.hosts.iter().any(fits)
    }

    /// What is wrong, and what to do.
    pub(super) fn problems(&self, found: &mut Vec<String>) {
        for host in &self.hosts {
            let name = host.strip_prefix("*.").unwrap_or(host);
            if name.is_empty() || name.contains(['/', ':', '*', ' ', '@']) {
                found
                    .push(format!("tools.hosts: {host:?} is no host: write \"api.example.com\", or \"*.example.com\""));
            }
        }
        for (name, server) in &self.mcp {
            server.problems(&format!("tools.mcp.{name}"), found);
        }
    }
}

impl McpServer {
    fn problems(&self, key: &str, found: &mut Vec<String>) {
        match (&self.url, self.command.first()) {
            (None, Some(program)) if program.is_empty() => {
                found.push(format!("{key}.command: its first part is empty"))
            }
            (None, Some(_)) => {
                if self.token_file.is_some() || self.token_env.is_some() {
                    found.push(format!("{key}: a token is sent to a url: name the variable in `env` instead"));
                }
            }
            (Some(url), None) => {
                let fits = reqwest::Url::parse(url).is_ok_and(|url| {
                    matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none()
                });
                if !fits {
                    found.push(format!(
                        "{key}.url must begin with http:// or https://, name a host and hold no password"
                    ));
                }
                if !self.env.is_empty() {
                    found.push(format!("{key}.env belongs to a `command`"));
                }
            }
            _ => found.push(format!("{key}: give it `command` or `url`")),
        }
        if self.token_file.is_some() && self.token_env.is_some() {
            found.push(format!("{key}: set one of token_file and token_env"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_that_are_listed_or_all() {
        let tools = |hosts: &[&str]| Tools { hosts: hosts.iter().map(|h| h.to_string()).collect(), ..Tools::default() };
        assert!(tools(&[]).allows("any.example"));
        let listed = tools(&["api.example.com", "*.shop.example"]);
        for host in ["api.example.com", "API.example.com", "a.shop.example", "a.b.shop.example"] {
            assert!(listed.allows(host), "{host}");
        }
        for host in
            ["example.com", "x.api.example.com", "shop.example", "evilshop.example", "api.example.com.evil.example"]
        {
            assert!(!listed.allows(host), "{host}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_server_is_told_with_its_key() {
        let server = |text: &str| toml::from_str::<McpServer>(text).unwrap();
        for (text, told) in [
            ("", "`command` or `url`"),
            ("command = ['x']\nurl = 'http://a.example/mcp'", "`command` or `url`"),
            ("command = ['']", "empty"),
            ("command = ['x']\ntoken_env = 'T'", "`env`"),
            ("url = 'ftp://a.example'", "http://"),
            ("url = 'http://u:p@a.example'", "no password"),
            ("url = 'http://a.example'\nenv = ['A']", "belongs to a `command`"),
            ("url = 'http://a.example'\ntoken_env = 'A'\ntoken_file = 'b'", "set one of"),
        ] {
            let mut found = Vec::new();
            server(text).problems("tools.mcp.a", &mut found);
            assert!(found.iter().any(|why| why.contains(told) && why.starts_with("tools.mcp.a")), "{text}: {found:?}");
        }
        for text in ["command = ['x', 'y']\nenv = ['A']", "url = 'http://127.0.0.1:1/mcp'\ntoken_env = 'A'"] {
            let mut found = Vec::new();
            server(text).problems("tools.mcp.a", &mut found);
            assert_eq!(found, Vec::<String>::new());
        }
    }
}
