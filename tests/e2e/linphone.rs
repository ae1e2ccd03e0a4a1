//! Linphone's console phone: a telephone that is not ours, and that transfers calls attended (REFER with Replaces).
use crate::testbed::{Dir, HERE, Process, port, ports, seconds, until};
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::process::{ChildStdin, Command, Stdio};

/// A phone that obeys commands.
pub struct Linphone {
    _process: Process,
    commands: ChildStdin,
    dir: Dir,
    pub uri: String,
}

impl Linphone {
    /// A phone that answers by itself where it `answers`. With a `proxy` all that it calls is asked for there.
    pub async fn start(name: &str, answers: bool, proxy: Option<SocketAddr>) -> Self {
        let dir = Dir::new(&format!("linphone-{name}"));
        let (own, (from, to)) = (port(), ports(10));
        let account = proxy.map_or_else(
            || "default_proxy=-1\n".to_owned(),
            |proxy| {
                format!(
                    "default_proxy=0\n[proxy_0]\nreg_proxy=<sip:{proxy}>\nreg_route=<sip:{proxy};lr>\n\
                     reg_identity=sip:{name}@{HERE}\nreg_sendregister=0\npublish=0\n"
                )
            },
        );
        let config = format!(
            "[storage]\nuri=null\ncall_logs_db_uri=null\n[rtp]\naudio_rtp_port={from}-{to}\n\
             [sip]\nsip_port={own}\nsip_tcp_port=0\nsip_tls_port=0\nbind_address={HERE}\nuse_ipv6=0\n\
             register_only_when_network_is_up=0\nauto_net_state_mon=0\ncontact=sip:{name}@{HERE}\n{account}"
        );
        std::fs::write(dir.join("linphonerc"), config).expect("written");
        let log = File::create(dir.join("linphone.log")).expect("a log");
        let mut command = Command::new("linphonec");
        command.arg("-c").arg(dir.join("linphonerc")).env("HOME", dir.path()).args(answers.then_some("-a"));
        command.stdin(Stdio::piped()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        let mut child = command.spawn().expect("linphonec runs (Debian package linphone-cli)");
        let commands = child.stdin.take().expect("its commands");
        let uri = format!("sip:{name}@{HERE}:{own}");
        let mut phone = Self { _process: Process::new(child), commands, dir, uri };
        phone.order("soundcard use files");
        phone.says("Using wav files").await;
        phone
    }

    /// Gives a command; a digit presses this key.
    pub fn order(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap_or_else(|why| panic!("linphonec: {why}\n{}", self.log()));
    }

    /// Waits until it has said this.
    pub async fn says(&self, words: &str) {
        until(seconds(15), words, || async { self.log().contains(words).then_some(()) }).await;
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.join("linphone.log")).unwrap_or_default()).into_owned()
    }
}
