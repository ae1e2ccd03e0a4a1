//! Credentials for a TURN server: the user is when it ends, the password an HMAC of that (the scheme that coturn calls
//! `use-auth-secret`, draft-uberti-behave-turn-rest-00).
use crate::security::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::time::Duration;

/// A TURN server that shares a secret with us.
#[derive(Clone, Debug)]
pub struct Relay {
    pub urls: Vec<String>,
    pub secret: Secret,
    pub ttl: Duration,
}

/// An ICE server as a page gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub urls: Vec<String>,
    pub user: Option<(String, String)>,
}

impl Relay {
    /// Good until `now + ttl` (seconds since 1970); `id` tells uses apart in the relay's log.
    pub fn credentials(&self, now: u64, id: &str) -> Server {
        let user = format!("{}:{id}", now + self.ttl.as_secs());
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.secret.reveal().as_bytes());
        let password = STANDARD.encode(hmac::sign(&key, user.as_bytes()));
        Server { urls: self.urls.clone(), user: Some((user, password)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn relay(secret: &str) -> Relay {
        Relay { urls: vec!["turn:127.0.0.1:24990".into()], secret: Secret::new(secret), ttl: Duration::from_secs(60) }
    }

    #[test]
    fn credentials_are_what_openssl_makes_of_them() {
        // printf '%s' 1000000060:abc | openssl dgst -sha1 -hmac north -binary | base64
        let server = relay("north").credentials(1_000_000_000, "abc");
        assert_eq!(server.user, Some(("1000000060:abc".into(), "yC7p5Q0YEEp67xUsopCSNuXCgJs=".into())));
    }

    #[test]
    fn coturn_takes_them_and_no_others() {
        let (server, port) = ("turnserver", "24990");
        let dir = crate::testdir("turn");
        let started = Command::new(server)
            .args([
                "-n",
                "-L",
                "127.0.0.1",
                "-p",
                port,
                "--use-auth-secret",
                "--static-auth-secret=north",
                "-r",
                "test",
            ])
            .args([
                "--no-tls",
                "--no-dtls",
                "--no-cli",
                "--allow-loopback-peers",
                "--min-port=24900",
                "--max-port=24980",
                "--log-file=stdout",
            ])
            .arg(format!("--pidfile={}", dir.join("pid").display()))
            .arg(format!("--userdb={}", dir.join("db").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut turnserver) = started else {
            eprintln!("skipped: no turnserver");
            return;
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let accepted = |server: Server| {
            let (user, password) = server.user.unwrap();
            let client = Command::new("turnutils_uclient")
                .args(["-t", "-y", "-c", "-n", "1", "-m", "1", "-p", port, "-u", &user, "-w", &password, "127.0.0.1"])
                .output();
            let out = client.unwrap();
            let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
            (out.status.success() && text.contains("Total transmit time"), text)
        };
        let mut last = (false, String::new());
        for _ in 0..20 {
            last = accepted(relay("north").credentials(now, "abc"));
            if last.0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let (wrong, stale) = (
            accepted(relay("south").credentials(now, "abc")).0,
            accepted(relay("north").credentials(now - 3_600, "abc")).0,
        );
        turnserver.kill().unwrap();
        turnserver.wait().unwrap();
        assert!(last.0, "{}", last.1);
        assert!(!wrong && !stale);
    }
}
