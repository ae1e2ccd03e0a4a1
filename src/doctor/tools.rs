//! The tools of bots, as far as they can be looked at without calling them: secrets, and what MCP servers have.
use super::{Finding, broken, fine, lacking};
use crate::bots::{BotCatalog as _, Bots};
use crate::config::{Config, McpServer};
use crate::engines::Loaded;
use crate::tools::http::header_faults;
use crate::tools::mcp::{self, McpToolInfo};
use dialog::bot::{BotTool, ToolSource};
use dialog::tool::{ConfirmedBy, Effect};
use serde_json::Value;
use std::collections::BTreeMap;

/// What each MCP server has, or why it cannot be used.
type Servers = BTreeMap<String, Result<BTreeMap<String, McpToolInfo>, String>>;

/// Lists each tool, and says what is wrong with it.
pub(super) fn look(config: &Config, bots: &Bots<Loaded>, found: &mut Vec<Finding>) {
    let loaded: Vec<_> =
        bots.list().into_iter().filter_map(|status| Some((bots.get(&status.name)?, status.name))).collect();
    let servers = servers(config);
    for (name, tools) in &servers {
        found.push(match tools {
            Ok(tools) => fine(format!("tools.mcp.{name}: {} tools", tools.len())),
            Err(why) => broken(format!("tools.mcp.{name}: {why}")),
        });
    }
    for (loaded, bot) in &loaded {
        for tool in &loaded.bot.tools {
            let line = format!("bot {bot}, tool {}", line(tool));
            let faults = faults(tool, &servers);
            match faults.is_empty() {
                true => found.push(fine(line)),
                false => found.extend(faults.into_iter().map(|why| lacking(format!("{line}: {why}")))),
            }
        }
    }
}

/// Asks each MCP server once.
fn servers(config: &Config) -> Servers {
    if config.tools.mcp.is_empty() {
        return Servers::new();
    }
    // On a thread of its own: this one may belong to a runtime that must not be blocked.
    let asked = std::thread::scope(|scope| {
        let ask = || -> std::io::Result<Servers> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let probe = |(name, plan): (&String, &McpServer)| (name.clone(), runtime.block_on(mcp::probe(plan)));
            let answers = config.tools.mcp.iter().map(probe).collect();
            runtime.shutdown_background();
            Ok(answers)
        };
        scope.spawn(ask).join()
    });
    let lost = |why: String| config.tools.mcp.keys().map(|name| (name.clone(), Err(why.clone()))).collect();
    match asked {
        Ok(Ok(answers)) => answers,
        Ok(Err(why)) => lost(why.to_string()),
        Err(_) => lost("it was not asked: a thread failed".into()),
    }
}

/// What a tool is.
fn line(BotTool { definition, source }: &BotTool) -> String {
    let place = match source {
        ToolSource::Http(tool) => {
            let url = reqwest::Url::parse(&tool.request(&Value::Null).url);
            let origin = url.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
            format!("{} {origin}", tool.method.name())
        }
        ToolSource::Mcp(of) => format!("{} of the MCP server {}", of.tool, of.server),
        ToolSource::BuiltIn(tool) => format!("{}, built in", tool.name()),
        ToolSource::OpenApi(of) => format!("{} of {}", of.operation, of.file),
    };
    let does = if definition.effect == Effect::Acts { "acts" } else { "reads" };
    let by = match definition.confirm {
        ConfirmedBy::Nobody => "",
        ConfirmedBy::Caller => ", confirmed by the caller",
        ConfirmedBy::Supervisor => ", confirmed by a supervisor",
    };
    format!("{}: {place}, {does}{by}", definition.name)
}

/// What keeps a tool from working as things are.
fn faults(BotTool { source, .. }: &BotTool, servers: &Servers) -> Vec<String> {
    match source {
        ToolSource::Http(tool) => header_faults(&tool.headers),
        ToolSource::OpenApi(_) | ToolSource::BuiltIn(_) => Vec::new(),
        ToolSource::Mcp(of) => match servers.get(&of.server) {
            Some(Ok(tools)) if tools.contains_key(&of.tool) => Vec::new(),
            Some(Ok(tools)) => {
                let known: Vec<&str> = tools.keys().map(String::as_str).collect();
                vec![format!("its server has no such tool; it has: {}", known.join(", "))]
            }
            Some(Err(_)) => vec!["its server cannot be used".into()],
            None => vec!["there is no such server".into()],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialog::bot::Bot;
    use serde_json::json;

    #[test]
    fn each_tool_is_told_with_what_keeps_it_from_working() {
        let text = r#"
            name = "b"
            language = "en"
            greeting = "Hello."
            [[task]]
            name = "t"
            [task.on_done]
            say = "Done."
            [tools.a_find]
            url = "https://shop.example/find?key=4821"
            headers = { x-key = { env = "SWITCHBOARD_TEST_NO_SUCH_VARIABLE" } }
            [tools.b_book]
            mcp = "shop"
            tool = "book"
            confirm = "supervisor"
            [tools.c_pay]
            mcp = "shop"
            tool = "pay"
            [tools.d_ask]
            mcp = "gone"
            tool = "ask"
            effect = "reads"
        "#;
        let bot = Bot::parse(text, "b").unwrap();
        let info = McpToolInfo { description: String::new(), parameters: json!({}) };
        let servers = Servers::from([
            ("shop".to_owned(), Ok(BTreeMap::from([("book".to_owned(), info)]))),
            ("gone".to_owned(), Err("no answer".to_owned())),
        ]);
        let told: Vec<(String, Vec<String>)> =
            bot.tools.iter().map(|tool| (line(tool), faults(tool, &servers))).collect();
        let lines: Vec<&str> = told.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(
            lines,
            [
                "a_find: GET https://shop.example, reads",
                "b_book: book of the MCP server shop, acts, confirmed by a supervisor",
                "c_pay: pay of the MCP server shop, acts, confirmed by the caller",
                "d_ask: ask of the MCP server gone, reads",
            ]
        );
        assert!(told[0].1[0].contains("SWITCHBOARD_TEST_NO_SUCH_VARIABLE"), "{:?}", told[0].1);
        assert_eq!(told[1].1, Vec::<String>::new());
        assert_eq!(told[2].1, ["its server has no such tool; it has: book"]);
        assert_eq!(told[3].1, ["its server cannot be used"]);
    }
}
