//! baresip: a telephone that is not ours. It calls, plays a WAV file and keeps what it hears.
use crate::sound::Sound;
use crate::speech::Timeline;
use crate::testbed::{Dir, HERE, Process, port, seconds};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A phone in a call. It hangs up when its sound is over.
pub struct Baresip {
    process: Process,
    dir: Dir,
    sends: Duration,
    control: u16,
    /// Where it can be called.
    pub uri: String,
}

/// What it heard, from the first packet on.
pub struct Heard {
    pub sound: Sound,
    pub log: String,
}

/// Calls `to` (`sip:user@host:port`, perhaps with a transport) and says `timeline`.
pub fn call(to: &str, timeline: &Timeline) -> Baresip {
    start(Some(to), "PCMU", timeline)
}

pub fn call_with(codec: &str, to: &str, timeline: &Timeline) -> Baresip {
    start(Some(to), codec, timeline)
}

/// Calls with SRTP: `srtp-mand`, or `srtp`, which asks for it within RTP/AVP.
pub fn call_encrypted(mode: &str, to: &str, timeline: &Timeline) -> Baresip {
    start_with(Some(to), "PCMU", &format!(";mediaenc={mode}"), timeline)
}

/// Answers the first call that comes, and says `timeline`.
pub fn answering(timeline: &Timeline) -> Baresip {
    start(None, "PCMU", timeline)
}

fn start(to: Option<&str>, codec: &str, timeline: &Timeline) -> Baresip {
    start_with(to, codec, "", timeline)
}

/// `account` is added to the account's parameters.
fn start_with(to: Option<&str>, codec: &str, account: &str, timeline: &Timeline) -> Baresip {
    let dir = Dir::new("baresip");
    let said = dir.join("said.wav");
    timeline.sound().write(&said);
    let (own, rtp, control) = (port(), port(), port());
    let codec = match codec {
        "opus" => "opus/48000/2".to_owned(),
        "G722" => "G722/16000/1".to_owned(),
        codec => format!("{codec}/8000/1"),
    };
    let place = dir.path().display();
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{own}\ncall_max_calls 4\naudio_source aufile,{}\naudio_player aubridge,x\n\
         audio_alert aubridge,x\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\n\
         auplay_channels 1\nrtp_ports {rtp}-{}\nnet_interface 127.0.0.1\n\
         snd_path {place}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule opus.so\nmodule g722.so\nmodule sndfile.so\n\
         module aufile.so\nmodule aubridge.so\nmodule srtp.so\nmodule_app account.so\nmodule_app menu.so\n\
         module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n",
        said.display(),
        rtp + 1,
    );
    let account = format!(
        "\"Ada Lovelace\" <sip:441632960123@127.0.0.1:{own}>;regint=0;answermode=auto;audio_codecs={codec}{account}\n"
    );
    std::fs::write(dir.join("config"), config).expect("written");
    std::fs::write(dir.join("accounts"), account).expect("written");
    let sends = Duration::from_millis(timeline.sound().ms() as u64);
    let log = File::create(dir.join("baresip.log")).expect("a log");
    let limit = (sends + seconds(20)).as_secs().to_string();
    let mut command = Command::new("baresip");
    command.args(["-4", "-f"]).arg(dir.path()).args(["-t", &limit, "-v"]);
    if let Some(to) = to {
        command.args(["-e", &format!("/dial {to}")]);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
    let process = Process::new(command.spawn().expect("baresip runs (Debian package baresip-core)"));
    Baresip { process, dir, sends, control, uri: format!("sip:441632960123@127.0.0.1:{own}") }
}

impl Baresip {
    /// Waits until the call is over, whoever ends it, and gives what was heard.
    pub async fn finish(mut self) -> Heard {
        let limit = self.sends + seconds(15);
        let over = crate::testbed::until(limit, "baresip's call to end", || async {
            let log = self.log();
            (log.contains("terminated (duration") || log.contains("session closed") || log.contains("call: terminate"))
                .then_some(log)
        });
        over.await;
        self.process.signal("TERM");
        assert!(self.process.ended(seconds(5)).await.is_some(), "baresip does not end\n{}", self.log());
        let log = self.log();
        let heard = self.dumps("-dec.wav").iter().flat_map(|path| Sound::read(path).0).collect();
        let sound = Sound(heard);
        Heard { sound, log }
    }

    /// Has it do something: `hold`, `resume`.
    pub fn order(&self, command: &str) {
        let mut control = TcpStream::connect((HERE, self.control)).expect("baresip listens");
        let json = format!("{{\"command\":\"{command}\",\"token\":\"t\"}}");
        control.write_all(format!("{}:{json},", json.len()).as_bytes()).expect("ordered");
        control.set_read_timeout(Some(seconds(5))).expect("a limit");
        let read = control.read(&mut [0; 256]).expect("an answer");
        assert!(read > 0, "baresip does not answer\n{}", self.log());
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.join("baresip.log")).unwrap_or_default()).into_owned()
    }

    /// A phone that was held begins another file when it goes on: they follow each other by name.
    fn dumps(&self, kind: &str) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.dir.path()).into_iter().flatten().flatten().map(|file| file.path());
        let mut found: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(kind)).collect();
        found.sort();
        found
    }
}
