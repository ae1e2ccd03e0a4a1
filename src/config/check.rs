//! What a well-typed configuration can still get wrong, each with what to do.
use super::{
    Config, ECHO, LanguageModel, McpServer, Ms, Phone, Recogniser, Register, RemoteRecogniser, RemoteVoice, Route, Rtc,
    Synthesiser, Trunk, Webhook,
};
use crate::security::{Secret, WebOrigin};
use ::media::Language;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use telephony::{Called, Headers};

impl Config {
    /// Everything that keeps this configuration from working, in plain words; empty when it is fine. Missing engines and
    /// models are not among them: the server runs without and says so.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.wires(&mut found);
        self.ranges(&mut found);
        self.limits(&mut found);
        self.remote_engines(&mut found);
        self.language_models(&mut found);
        self.embeddings(&mut found);
        self.people(&mut found);
        self.routes(&mut found);
        self.pages(&mut found);
        self.tools.problems(&mut found);
        self.oidc.problems(&mut found);
        found
    }

    fn wires(&self, found: &mut Vec<String>) {
        if self.sip.udp.is_empty() && self.sip.tcp.is_empty() {
            found.push("sip.udp and sip.tcp are both empty: no call can arrive; set one of them".into());
        }
        self.ports(found);
        self.codecs(found);
        self.addresses(found);
    }

    fn ports(&self, found: &mut Vec<String>) {
        let rtp = &self.rtp;
        if rtp.ports_from == 0 || !rtp.ports_from.is_multiple_of(2) {
            found.push(format!(
                "rtp.ports_from = {}: must be even and above 0 (RTP takes even ports, RTCP the next)",
                rtp.ports_from
            ));
        }
        if rtp.ports_to <= rtp.ports_from {
            found.push(format!("rtp.ports_to = {} must lie above rtp.ports_from = {}", rtp.ports_to, rtp.ports_from));
        } else {
            let pairs = (u32::from(rtp.ports_to) - u32::from(rtp.ports_from)).div_ceil(2);
            if pairs < self.sip.max_calls {
                let to = u64::from(rtp.ports_from) + 2 * u64::from(self.sip.max_calls) - 1;
                found.push(format!(
                    "rtp.ports_from..ports_to hold {pairs} calls, sip.max_calls allows {}: raise rtp.ports_to to {to} or lower sip.max_calls",
                    self.sip.max_calls
                ));
            }
        }
    }

    fn codecs(&self, found: &mut Vec<String>) {
        let rtp = &self.rtp;
        if !(10..=60).contains(&rtp.ptime_ms.0) || !rtp.ptime_ms.0.is_multiple_of(10) {
            found.push(format!("rtp.ptime_ms = {}: must be 10, 20, 30, 40, 50 or 60", rtp.ptime_ms.0));
        }
        if rtp.codecs.is_empty() {
            found.push("rtp.codecs is empty: name at least \"PCMU\" or \"PCMA\"".into());
        }
        if (1..rtp.codecs.len()).any(|at| rtp.codecs[..at].contains(&rtp.codecs[at])) {
            found.push("rtp.codecs names a codec twice: remove one".into());
        }
        let opus = &rtp.opus;
        if !matches!(opus.rate_hz, 8_000 | 16_000 | 48_000) {
            found.push(format!("rtp.opus.rate_hz = {}: must be 8000, 16000 or 48000", opus.rate_hz));
        }
        if !(6_000..=510_000).contains(&opus.bitrate) {
            found.push(format!("rtp.opus.bitrate = {}: must be 6000 to 510000 bits per second", opus.bitrate));
        }
        if opus.complexity > 10 {
            found.push(format!("rtp.opus.complexity = {}: must be 0 to 10", opus.complexity));
        }
    }

    fn addresses(&self, found: &mut Vec<String>) {
        let rtp = &self.rtp;
        if rtp.bind.is_empty() {
            found.push("rtp.bind is empty: name the address of this machine that sound is received on".into());
        }
        for bind in rtp.bind.iter().filter(|bind| bind.is_unspecified()) {
            if !rtp.advertise.iter().any(|address| address.is_ipv4() == bind.is_ipv4()) {
                found.push(format!("rtp.bind = {bind}: callers need a real address to send to; set rtp.advertise"));
            }
        }
        for address in rtp.advertise.iter() {
            if !rtp.bind.is_empty() && !rtp.bind.iter().any(|bind| bind.is_ipv4() == address.is_ipv4()) {
                found.push(format!("rtp.advertise = {address}: rtp.bind names no address of its IP family; add one"));
            }
        }
        for (key, addresses) in
            [("rtp.bind", &rtp.bind), ("rtp.advertise", &rtp.advertise), ("sip.advertise", &self.sip.advertise)]
        {
            let v4 = addresses.iter().filter(|address| address.is_ipv4()).count();
            if v4 > 1 || addresses.len() - v4 > 1 {
                found.push(format!("{key} names two addresses of one IP family: one of IPv4 and one of IPv6 at most"));
            }
        }
    }

    fn limits(&self, found: &mut Vec<String>) {
        if self.media.jitter_min_ms > self.media.jitter_max_ms {
            found.push("media.jitter_min_ms lies above media.jitter_max_ms: swap them".into());
        }
        if !matches!(self.sip.full_status, 486 | 503) {
            found.push(format!(
                "sip.full_status = {}: must be 486 (busy) or 503 (a proxy tries elsewhere)",
                self.sip.full_status
            ));
        }
        if let Some(sum) = &self.speech.whisper.sha256
            && (sum.len() != 64 || !sum.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            found.push("speech.whisper.sha256 must be 64 hexadecimal digits (`sha256sum FILE` prints them)".into());
        }
        if self.store.recording_key_file.is_some() && !self.store.recording_key_command.is_empty() {
            found.push(
                "store.recording_key_file and store.recording_key_command are both set: remove one of them".into(),
            );
        }
        let http = &self.http;
        if http.tls_certificate.is_some() != http.tls_key.is_some() {
            found.push("http.tls_certificate and http.tls_key go together: set both or neither".into());
        }
        if http.listen.is_some_and(|at| !at.ip().is_loopback()) && http.tls().is_none() && !http.allow_plain {
            found.push(
                "http.listen is open to a network without TLS, and browsers give no microphone to such a page: set \
                 http.tls_certificate and http.tls_key, or http.allow_plain = true behind a proxy that speaks TLS"
                    .into(),
            );
        }
        if let Err(why) = self.log.filter() {
            found.push(format!("log.level = {:?}: {why}", self.log.level));
        }
    }

    fn remote_engines(&self, found: &mut Vec<String>) {
        let speech = &self.speech;
        for engine in &speech.remote_recogniser {
            let address = RemoteAddress { url: &engine.url, is_socket: engine.protocol.is_socket(), key: engine.key() };
            remote_engine("speech.remote_recogniser", &engine.name, &address, engine.patience_ms, found);
        }
        for engine in &speech.remote_voice {
            let address = RemoteAddress { url: &engine.url, is_socket: engine.protocol.is_socket(), key: engine.key() };
            remote_engine("speech.remote_voice", &engine.name, &address, engine.patience_ms, found);
        }
        let recognisers: Vec<&str> = speech.remote_recogniser.iter().map(|engine| engine.name.as_str()).collect();
        let voices: Vec<&str> = speech.remote_voice.iter().map(|engine| engine.name.as_str()).collect();
        for (list, names) in [("remote_recogniser", &recognisers), ("remote_voice", &voices)] {
            twice(names.iter().copied(), found, |name| {
                format!("two [[speech.{list}]] entries are named {name:?}: give each its own name")
            });
        }
        for language in Language::ALL {
            let code = language.code();
            let named: Vec<Option<&str>> = (speech.recognisers[language].iter())
                .map(|engine| if let Recogniser::Remote(name) = engine { Some(name.as_str()) } else { None })
                .collect();
            order(&format!("speech.recognisers.{code}"), ("remote_recogniser", &recognisers), &named, found);
            let named: Vec<Option<&str>> = (speech.voices[language].iter())
                .map(|engine| if let Synthesiser::Remote(name) = engine { Some(name.as_str()) } else { None })
                .collect();
            order(&format!("speech.voices.{code}"), ("remote_voice", &voices), &named, found);
        }
    }

    fn language_models(&self, found: &mut Vec<String>) {
        for (name, model) in &self.language_models {
            let list = format!("language_models.{name}");
            if name.is_empty() || !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
                found.push(format!("[{list}]: the name must be lower-case letters, digits and hyphens"));
            }
            if !(1..=1_000).contains(&model.at_once) {
                found.push(format!("[{list}]: at_once = {}: must be 1 to 1000", model.at_once));
            }
            if model.kind.speaks() && model.model.is_empty() {
                found.push(format!("[{list}]: name the model, as its service calls it: model = \"…\""));
            }
            if !model.kind.speaks() && model.voice.is_some() {
                found.push(format!("[{list}]: voice is of endpoints that speak: remove it, or correct kind"));
            }
            let address = RemoteAddress { url: &model.url, is_socket: model.kind.speaks(), key: model.key() };
            address.problems(&mut |what| found.push(format!("[{list}]: {what}")));
        }
    }

    fn embeddings(&self, found: &mut Vec<String>) {
        let plan = &self.embeddings;
        let Some(url) = &plan.url else { return };
        let mut say = |what: String| found.push(format!("[embeddings]: {what}"));
        if plan.model.is_empty() {
            say("name the model, as the endpoint calls it: model = \"…\" (vectors on disk are known by it)".into());
        }
        if !(1..=256).contains(&plan.batch) {
            say(format!("batch = {}: must be 1 to 256", plan.batch));
        }
        if !(50..=1_500).contains(&plan.patience_ms.0) {
            say(format!("patience_ms = {}: must be 50 to 1500", plan.patience_ms.0));
        }
        if !(1..=600).contains(&plan.limit_s.0) {
            say(format!("limit_s = {}: must be 1 to 600", plan.limit_s.0));
        }
        RemoteAddress { url, is_socket: false, key: plan.key() }.problems(&mut say);
    }

    fn people(&self, found: &mut Vec<String>) {
        let names = self.phone.iter().map(|p| p.name.as_str()).chain(self.trunk.iter().map(|t| t.name.as_str()));
        twice(names, found, |name| {
            format!("two [[phone]] or [[trunk]] entries are named {name:?}: give each its own name")
        });
        twice(self.phone.iter().map(|p| p.user.as_str()), found, |user| {
            format!("two [[phone]] entries have the user {user:?}: a user registers once")
        });
        for phone in &self.phone {
            if let Err(why) = phone.password() {
                found.push(format!("[[phone]] {:?}: {why}", phone.name));
            }
        }
        for trunk in &self.trunk {
            if trunk.register.is_none() && trunk.networks.is_empty() {
                found.push(format!(
                    "[[trunk]] {:?} neither registers nor names networks, so no call could be its own: add [trunk.register] or networks",
                    trunk.name
                ));
            }
            self.headers(trunk, found);
            let server = trunk.register.as_ref().map(|register| ("register.server", &register.server));
            for (key, uri) in server.into_iter().chain(trunk.outbound_proxy.as_ref().map(|uri| ("outbound_proxy", uri)))
            {
                if let Err(why) = telephony::sip::transport(uri) {
                    found.push(format!(
                        "[[trunk]] {:?}: {key} {why}: remove `;transport=…`, or write one of these",
                        trunk.name
                    ));
                }
            }
            let Some(register) = &trunk.register else { continue };
            if !register.server.starts_with("sip:") {
                found.push(format!(
                    "[[trunk]] {:?}: register.server must be a SIP URI such as sip:provider.example",
                    trunk.name
                ));
            }
            if let Err(why) = register.password() {
                found.push(format!("[[trunk]] {:?}: {why}", trunk.name));
            }
        }
    }

    fn headers(&self, trunk: &Trunk, found: &mut Vec<String>) {
        let name = &trunk.name;
        if trunk.headers.len() > Headers::MOST {
            found.push(format!("[[trunk]] {name:?}: headers names more than {} fields", Headers::MOST));
        }
        for header in &trunk.headers {
            let token = |c: u8| c.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&c);
            if header.is_empty() || !header.bytes().all(token) {
                found.push(format!("[[trunk]] {name:?}: headers: {header:?} is no name of a header field"));
            }
            if Headers::NEVER.iter().any(|never| never.eq_ignore_ascii_case(header)) {
                found.push(format!("[[trunk]] {name:?}: headers: {header} holds a password's proof: remove it"));
            }
        }
        let lower: Vec<String> = trunk.headers.iter().map(|header| header.to_ascii_lowercase()).collect();
        twice(lower.iter().map(String::as_str), found, |header| {
            format!("[[trunk]] {name:?}: headers names {header} twice: remove one")
        });
    }

    fn routes(&self, found: &mut Vec<String>) {
        twice(self.route.iter().map(|r| r.user.as_str()), found, |user| {
            format!("two [[route]] entries have the user {user:?}: remove one")
        });
        self.numbers.problems(found);
        self.destinations.iter().for_each(|(name, destination)| destination.problems(name, found));
        for (user, to) in self.supervisor_phones.iter().filter(|(_, to)| !super::destination::is_callable(to)) {
            found.push(format!(
                "supervisor_phones.{user} = {to:?}: write a SIP URI (sip:user@host) or a number of digits"
            ));
        }
        if let Some(user) = &self.supervisor_dial_in {
            let of_it = |route: &&Route| route.user.strip_prefix(user.as_str()).is_some_and(|rest| rest.len() == 4);
            if user.is_empty() || !user.chars().all(|c| c.is_ascii_alphanumeric() || "+*#-._".contains(c)) {
                found.push(format!(
                    "supervisor_dial_in = {user:?}: write a number or a name that telephones dial, such as \"70\""
                ));
            } else if let Some(route) = self.route.iter().find(of_it) {
                found.push(format!(
                    "supervisor_dial_in = {user:?} and four digits is also the [[route]] {:?}: change one",
                    route.user
                ));
            }
        }
        let plan = self.numbers.plan();
        for (at, route) in self.route.iter().enumerate() {
            let user = &route.user;
            if user.contains([';', '@', '<', '>', '"']) || user.starts_with("sip:") || user.starts_with("tel:") {
                found.push(format!(
                    "[[route]] user = {user:?}: write the user part alone, without escapes and parameters, such as \"booking\" or \"+842412345678\""
                ));
            }
            let same =
                |other: &&Route| other.user != *user && plan.same(&Called::plain(&other.user), &Called::plain(user));
            if let Some(other) = self.route[..at].iter().find(same) {
                found.push(format!(
                    "[[route]] entries {:?} and {user:?} are one telephone number (see [numbers]): remove one",
                    other.user
                ));
            }
        }
        let mut unknown = BTreeSet::new();
        let targets = self.route.iter().map(|r| r.bot.as_str()).chain(self.default_route.as_deref());
        for bot in targets.filter(|bot| *bot != ECHO) {
            let file = self.bots.dir.join(format!("{bot}.toml"));
            if bot.contains(['/', '\\']) || !file.is_file() {
                unknown.insert(bot);
            }
        }
        for bot in unknown {
            let dir = self.bots.dir.display();
            found.push(format!(
                "a route leads to the bot {bot:?}, but there is no {dir}/{bot}.toml: correct the route or add the file"
            ));
        }
    }
}

impl Config {
    fn pages(&self, found: &mut Vec<String>) {
        let (widget, rtc) = (&self.widget, &self.rtc);
        if !widget.enabled {
            return;
        }
        for origin in &widget.origins {
            if WebOrigin::parse(origin).is_none_or(|parsed| parsed.as_str() != origin) {
                found.push(format!(
                    "widget.origins: {origin:?} is no origin: write scheme, host and port as browsers do, without a path (https://shop.example)"
                ));
            }
        }
        for bot in &widget.public {
            if bot.contains(['/', '\\']) || !self.bots.dir.join(format!("{bot}.toml")).is_file() {
                let dir = self.bots.dir.display();
                found.push(format!(
                    "widget.public names the bot {bot:?}, but there is no {dir}/{bot}.toml: correct it or add the file"
                ));
            }
        }
        if rtc.bind.is_empty() {
            found.push("rtc.bind is empty: name an address of this machine, or set widget.enabled = false".into());
        }
        if (rtc.ports_from == 0) != (rtc.ports_to == 0) || rtc.ports_to < rtc.ports_from {
            found.push(
                "rtc.ports_from and rtc.ports_to: both 0 (any port), or a range from the lower to the higher".into(),
            );
        }
        for (key, urls, schemes) in
            [("rtc.stun", &rtc.stun, &["stun:", "stuns:"]), ("rtc.turn", &rtc.turn, &["turn:", "turns:"])]
        {
            let odd = |url: &&String| {
                !schemes.iter().any(|scheme| url.starts_with(scheme))
                    || url.contains(|c: char| c.is_whitespace() || "<>\"".contains(c))
            };
            for url in urls.iter().filter(odd) {
                found.push(format!("{key}: {url:?} must look like {}host:port", schemes[0]));
            }
        }
        match (rtc.turn.is_empty(), &rtc.turn_secret_file) {
            (false, None) => {
                found.push("rtc.turn is set and rtc.turn_secret_file is not: pages would get no credentials".into())
            }
            (false, Some(_)) => {
                if let Err(why) = rtc.turn_secret() {
                    found.push(why);
                }
            }
            (true, _) => {}
        }
    }
}

impl Rtc {
    /// The TURN server's shared secret, read now; `None` where there is none to read.
    pub fn turn_secret(&self) -> Result<Option<Secret>, String> {
        let Some(file) = self.turn_secret_file.as_ref().filter(|_| !self.turn.is_empty()) else { return Ok(None) };
        let text = std::fs::read_to_string(file)
            .map_err(|why| format!("cannot read rtc.turn_secret_file {}: {why}", file.display()))?;
        match text.trim() {
            "" => Err(format!("rtc.turn_secret_file {} is empty", file.display())),
            word => Ok(Some(Secret::new(word))),
        }
    }
}

/// Where a remote engine is, and what opens it.
struct RemoteAddress<'a> {
    url: &'a str,
    is_socket: bool,
    key: Result<Option<Secret>, String>,
}

fn remote_engine(list: &str, name: &str, address: &RemoteAddress<'_>, patience: Ms, found: &mut Vec<String>) {
    let mut say = |what: String| found.push(format!("[[{list}]] {name:?}: {what}"));
    if name.is_empty() || !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
        say("name must be lower-case letters, digits and hyphens".into());
    }
    if ["pocketsphinx", "whisper", "zipformer", "kokoro", "piper", "flite", "espeak"].contains(&name) {
        say("this is the name of an engine of this machine: choose another".into());
    }
    if !(100..=10_000).contains(&patience.0) {
        say(format!("patience_ms = {}: must be 100 to 10000", patience.0));
    }
    address.problems(&mut say);
}

impl RemoteAddress<'_> {
    fn problems(&self, say: &mut impl FnMut(String)) {
        if let Err(why) = &self.key {
            say(why.clone());
        }
        let schemes = if self.is_socket { ["ws", "wss"] } else { ["http", "https"] };
        let url = reqwest::Url::parse(self.url).ok();
        let Some(url) = url.filter(|url| schemes.contains(&url.scheme()) && url.has_host()) else {
            return say(format!(
                "url = {:?}: must begin with {}:// or {}:// and a host",
                self.url, schemes[0], schemes[1]
            ));
        };
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            say("url holds a user, a password, a query or a fragment: remove it (a key goes into key_file or key_env)"
                .into());
        }
        let is_plain = url.scheme() == schemes[0];
        let is_near = match url.host_str().unwrap_or_default().trim_matches(['[', ']']) {
            "localhost" => true,
            host => host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback() || telephony::address::is_private(ip)),
        };
        if is_plain && !is_near {
            say(format!(
                "url: callers' speech and a key do not go over the internet in the clear: write {}://",
                schemes[1]
            ));
        }
    }
}

/// The engines of one language: remote ones that exist, before those of this machine. `named`: the remote ones by name.
fn order(key: &str, (list, names): (&str, &[&str]), named: &[Option<&str>], found: &mut Vec<String>) {
    for name in named.iter().flatten().filter(|name| !names.contains(name)) {
        found.push(format!("{key} names {name:?}, which is neither an engine of this machine nor a [[speech.{list}]]"));
    }
    let own = named.iter().position(Option::is_none).unwrap_or(named.len());
    if let Some(name) = named[own..].iter().flatten().next() {
        found.push(format!(
            "{key}: {name:?} stands behind an engine of this machine, which never yields to it: put it first"
        ));
    }
}

fn twice<'a>(names: impl Iterator<Item = &'a str>, found: &mut Vec<String>, say: impl Fn(&str) -> String) {
    let mut seen = BTreeSet::new();
    let mut told = BTreeSet::new();
    for name in names {
        if !seen.insert(name) && told.insert(name) {
            found.push(say(name));
        }
    }
}

impl Phone {
    /// Its password, read now from where the configuration says.
    pub fn password(&self) -> Result<Secret, String> {
        secret("password", self.password_file.as_deref(), self.password_env.as_deref())
    }
}

impl Register {
    /// Its password, read now from where the configuration says.
    pub fn password(&self) -> Result<Secret, String> {
        secret("password", self.password_file.as_deref(), self.password_env.as_deref())
    }
}

impl RemoteRecogniser {
    /// Its key, read now from where the configuration says; `None` where it needs none.
    pub fn key(&self) -> Result<Option<Secret>, String> {
        key(self.key_file.as_deref(), self.key_env.as_deref())
    }
}

impl RemoteVoice {
    /// Its key, read now from where the configuration says; `None` where it needs none.
    pub fn key(&self) -> Result<Option<Secret>, String> {
        key(self.key_file.as_deref(), self.key_env.as_deref())
    }
}

impl LanguageModel {
    /// Its key, read now from where the configuration says; `None` where it needs none.
    pub fn key(&self) -> Result<Option<Secret>, String> {
        key(self.key_file.as_deref(), self.key_env.as_deref())
    }
}

impl Webhook {
    /// What its messages are signed with, read now from where the file says.
    pub fn secret(&self) -> Result<Secret, String> {
        let secret = secret("secret", self.secret_file.as_deref(), self.secret_env.as_deref())?;
        match secret.reveal().len() {
            16.. => Ok(secret),
            short => Err(format!("its secret has {short} characters: use 16 at least (`openssl rand -hex 32`)")),
        }
    }
}

impl McpServer {
    /// Its token, read now from where the configuration says; `None` where it needs none.
    pub fn token(&self) -> Result<Option<Secret>, String> {
        key(self.token_file.as_deref(), self.token_env.as_deref())
    }
}

/// A secret for a header field, read now; `None` where neither is given.
///
/// # Errors
/// Why there is none, without a word of it.
pub fn key(file: Option<&Path>, env: Option<&str>) -> Result<Option<Secret>, String> {
    if file.is_none() && env.is_none() {
        return Ok(None);
    }
    let key = secret("key", file, env)?;
    // It goes into a header field.
    let is_printable = key.reveal().bytes().all(|byte| byte.is_ascii_graphic());
    if is_printable {
        Ok(Some(key))
    } else {
        Err("its key holds what a header field cannot: spaces, line ends or accents".into())
    }
}

/// A secret out of a file or of the environment. `what` it is: `password`, of the keys `password_file` and `password_env`.
pub(super) fn secret(what: &str, file: Option<&Path>, env: Option<&str>) -> Result<Secret, String> {
    let word = match (file, env) {
        (Some(file), None) => {
            std::fs::read_to_string(file).map_err(|e| format!("cannot read {what}_file {}: {e}", file.display()))?
        }
        (None, Some(name)) => std::env::var(name).map_err(|_| format!("{what}_env names {name}, which is not set"))?,
        _ => return Err(format!("set exactly one of {what}_file and {what}_env")),
    };
    let word = word.trim_end_matches(['\r', '\n']);
    if word.is_empty() { Err(format!("its {what} is empty")) } else { Ok(Secret::new(word)) }
}
