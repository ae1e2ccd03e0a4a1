//! Users and the audit by hand, beside a server that runs.
use crate::server::Server;
use crate::testbed::{beside_others, root, seconds, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

const PASSWORD: &str = "correct horse battery";

/// What a command comes to, and what it says.
async fn command(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.args(arguments).arg("--config").arg(server.dir.join("server.toml"));
    command.current_dir(root()).stdin(Stdio::null());
    let running = tokio::task::spawn_blocking(move || command.output().expect("it runs"));
    let Output { status, stdout, stderr } = running.await.expect("a thread");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

async fn sign_in(server: &Server, name: &str, password: &str) -> u16 {
    let form = json!({"name": name, "password": password});
    let answer = server.request(Method::POST, "/api/v1/session").json(&form).send().await;
    answer.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_made_by_hand_signs_in_and_the_audit_shows_what_was_changed_in_the_file() {
    let _machine = beside_others().await;
    let server = Server::start("accounts").await;
    until(seconds(5), "the link", || async { server.log().contains("/console/#welcome=").then_some(()) }).await;
    let file = server.dir.join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("written");
    let file = file.to_str().expect("text");
    let add = ["user", "add", "Ada", "--role", "supervisor", "--bot", "booking.en", "--password-file", file];
    let (code, said) = command(&server, &add).await;
    assert_eq!((code, said.trim()), (Some(0), "ada is a user now (supervisor)"));
    assert_eq!(sign_in(&server, "ada", PASSWORD).await, 200);
    for (arguments, words) in [
        (&add[..], "there is a user of this name"),
        (
            &["user", "add", "eve", "--role", "supervisor", "--bot", "no.such.bot", "--password-file", file],
            "no.such.bot.toml",
        ),
        (&["user", "add", "eve", "--role", "root", "--password-file", file], "viewer, agent, supervisor or admin"),
        (&["user", "add", "eve", "--role", "viewer"], "--password-file"),
        (&["user", "remove", "nobody"], "no user of this name"),
    ] {
        let (code, said) = command(&server, arguments).await;
        assert!(code != Some(0) && said.contains(words), "{arguments:?}: {said}");
    }
    std::fs::write(file, "another password\n").expect("written");
    assert_eq!(command(&server, &["user", "password", "ada", "--password-file", file]).await.0, Some(0));
    assert_eq!(
        (sign_in(&server, "ada", PASSWORD).await, sign_in(&server, "ada", "another password").await),
        (401, 200)
    );
    let (_, said) = command(&server, &["user", "list"]).await;
    assert!(said.contains("ada") && said.contains("supervisor") && said.contains("booking.en"), "{said}");

    let (code, good) = command(&server, &["audit", "verify"]).await;
    assert!(code == Some(0) && good.contains("as they were written"), "{good}");
    let known = good.trim().rsplit(' ').next().expect("number and hash").to_owned();
    let exported = server.dir.join("audit.jsonl");
    let (code, said) = command(&server, &["audit", "export", exported.to_str().expect("text")]).await;
    assert_eq!(code, Some(0), "{said}");
    let lines = std::fs::read_to_string(&exported).expect("the audit");
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let actions: Vec<&str> = records.iter().map(|record| record["action"].as_str().expect("text")).collect();
    assert_eq!(actions, ["user_added", "signed_in", "user_changed", "sign_in_failed", "signed_in", "audit_exported"]);
    assert_eq!(records[0]["name"], "command line");
    assert!(!lines.contains(PASSWORD) && !lines.contains("another password"));

    // Somebody with the file and SQL.
    let database = format!("sqlite://{}", server.dir.join("data/switchboard.db").display());
    let pool = sqlx::SqlitePool::connect(&database).await.expect("the database");
    let refused = sqlx::query("update audit set name = 'eve' where seq = 2").execute(&pool).await;
    assert!(refused.is_err_and(|why| why.to_string().contains("append-only")));
    for sql in ["drop trigger audit_is_never_changed", "update audit set name = 'eve' where seq = 2"] {
        sqlx::query(sql).execute(&pool).await.expect("changed");
    }
    pool.close().await;
    let (code, said) = command(&server, &["audit", "verify", "--head", &known]).await;
    assert!(code == Some(1) && said.contains("record 2 was changed"), "{said}");
    assert!(said.contains("not as they were written") && !said.contains("the one that was noted"), "{said}");
    let other = format!("3:{}", "0".repeat(64));
    let (code, said) = command(&server, &["audit", "verify", "--head", &known, "--head", &other]).await;
    assert!(code == Some(1) && said.contains("record 3 is not the one that was noted"), "{said}");
}
