//! The shipped file, the environment, and errors that say what to do.
use super::*;
use ::media::Language;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;
use toml::{Table, Value};

const SHIPPED: &str = include_str!("../../configs/server.toml");

fn parse(text: &str) -> Result<Config, Fault> {
    Config::parse("test.toml", text, std::iter::empty())
}

fn with(variables: &[(&str, &str)]) -> Result<Config, Fault> {
    let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Config::parse("test.toml", SHIPPED, variables)
}

/// A configuration whose bots exist, in a directory of the test's own.
fn whole(name: &str) -> Config {
    let dir = crate::testdir(name);
    for bot in ["booking.en", "places.vi"] {
        std::fs::write(dir.join(format!("{bot}.toml")), "").unwrap();
    }
    Config { bots: Bots { dir }, ..Config::default() }
}

#[test]
fn the_shipped_file_names_every_key_with_its_default() {
    let shipped: Table = toml::from_str(SHIPPED).unwrap();
    let defaults = Config { phone: Vec::new(), ..Config::default() };
    let mut defaults = Table::try_from(defaults).unwrap();
    // Entries without a default stand in the file as examples; another test reads them.
    defaults.remove("phone");
    defaults.remove("trunk");
    let speech = defaults["speech"].as_table_mut().unwrap();
    assert!(speech.remove("remote_recogniser").is_some() && speech.remove("remote_voice").is_some());
    assert_eq!(shipped, defaults);
    assert_eq!(parse(SHIPPED).unwrap(), Config::default());
    assert_eq!(parse("").unwrap(), Config::default());
}

#[test]
fn the_examples_in_the_shipped_file_name_every_key_of_what_has_no_default() {
    let text: String =
        SHIPPED.lines().filter_map(|line| line.strip_prefix("#: ")).map(|line| format!("{line}\n")).collect();
    let config = parse(&text).unwrap();
    let example: Table = toml::from_str(&text).unwrap();
    let phone = Table::try_from(&config.phone[0]).unwrap();
    let trunk = Table::try_from(&config.trunk[0]).unwrap();
    assert_eq!(example["phone"][0], Value::Table(phone));
    assert_eq!(example["trunk"][0], Value::Table(trunk));
    assert!(config.trunk[0].register.is_some());
    let role = Table::try_from(&config.oidc.role[0]).unwrap();
    assert_eq!(example["oidc"]["role"][0], Value::Table(role));
    let recogniser = Table::try_from(&config.speech.remote_recogniser[0]).unwrap();
    let voice = Table::try_from(&config.speech.remote_voice[0]).unwrap();
    assert_eq!(example["speech"]["remote_recogniser"][0], Value::Table(recogniser));
    assert_eq!(example["speech"]["remote_voice"][0], Value::Table(voice));
}

#[test]
fn what_is_wrong_with_the_sign_in_provider_is_said() {
    let found = |change: &dyn Fn(&mut Oidc)| {
        let mut config = whole("oidc");
        config.oidc.issuer = Some("https://id.example/realms/shop".into());
        config.oidc.client_id = "switchboard".into();
        change(&mut config.oidc);
        config.problems().join("\n")
    };
    let role =
        OidcRole { claim: "groups".into(), value: "ops".into(), role: crate::security::Role::Admin, bots: Vec::new() };
    assert_eq!(found(&|_| ()), "");
    assert_eq!(found(&|oidc: &mut Oidc| (oidc.users, oidc.role) = (JoiningUsers::Made, vec![role.clone()])), "");
    assert_eq!(found(&|oidc: &mut Oidc| oidc.issuer = Some("http://localhost:9000".into())), "");
    type Change<'a> = &'a dyn Fn(&mut Oidc);
    let faults: [(Change<'_>, &str); 14] = [
        (&|oidc: &mut Oidc| oidc.issuer = Some("http://id.example".into()), "oidc.issuer = "),
        (&|oidc: &mut Oidc| oidc.issuer = Some("id.example".into()), "https address"),
        (&|oidc: &mut Oidc| oidc.issuer = Some("https://id.example/?tenant=1".into()), "without user, query"),
        (&|oidc: &mut Oidc| (oidc.issuer, oidc.password_sign_in) = (None, false), "nobody could sign in"),
        (&|oidc: &mut Oidc| oidc.client_id.clear(), "oidc.client_id is empty"),
        (
            &|oidc: &mut Oidc| oidc.client_secret_env = Some("NO_SUCH_VARIABLE".into()),
            "NO_SUCH_VARIABLE, which is not set",
        ),
        (
            &|oidc: &mut Oidc| oidc.client_secret_file = Some("no/such/file".into()),
            "cannot read client_secret_file no/such/file",
        ),
        (&|oidc: &mut Oidc| oidc.scopes = vec!["email".into()], "lacks \"openid\""),
        (&|oidc: &mut Oidc| oidc.scopes = vec!["openid email".into(), "openid".into()], "an entry of its own"),
        (&|oidc: &mut Oidc| oidc.name = " ".into(), "1 to 64 characters"),
        (&|oidc: &mut Oidc| oidc.name_claim.clear(), "oidc.name_claim"),
        (&|oidc: &mut Oidc| oidc.users = JoiningUsers::Made, "without [[oidc.role]]"),
        (&|oidc: &mut Oidc| oidc.role = vec![OidcRole { value: String::new(), ..role.clone() }], "role for admin"),
        (&|oidc: &mut Oidc| oidc.address = Some("https://pbx.example/".into()), "without a path"),
    ];
    for (change, said) in faults {
        let found = found(change);
        assert!(found.contains(said), "{said}: {found}");
    }
}

#[test]
fn a_remote_engine_is_found_by_its_name_and_what_is_wrong_with_it_is_said() {
    let config = with(&[
        ("SWITCHBOARD__SPEECH__RECOGNISERS__EN", "[\"dg\", \"pocketsphinx\"]"),
        ("SWITCHBOARD__SPEECH__REMOTE_RECOGNISER__0__NAME", "dg"),
        ("SWITCHBOARD__SPEECH__REMOTE_RECOGNISER__0__PROTOCOL", "deepgram"),
        ("SWITCHBOARD__SPEECH__REMOTE_RECOGNISER__0__URL", "wss://api.deepgram.com"),
    ])
    .unwrap();
    assert_eq!(config.speech.recognisers[Language::En], [Recogniser::Remote("dg".into()), Recogniser::Pocketsphinx]);
    assert_eq!(config.speech.remote_recogniser[0].patience_ms, Ms(700));

    let engine = || config.speech.remote_recogniser[0].clone();
    let found = |change: &dyn Fn(&mut RemoteRecogniser)| {
        let mut config = whole("remote");
        let mut engine = engine();
        change(&mut engine);
        config.speech.recognisers[Language::En] = vec![Recogniser::Remote("dg".into()), Recogniser::Whisper];
        config.speech.remote_recogniser.push(engine);
        config.problems().join("\n")
    };
    assert_eq!(found(&|_| ()), "");
    assert_eq!(found(&|engine: &mut RemoteRecogniser| engine.url = "ws://127.0.0.1:2700/x".into()), "");
    assert_eq!(found(&|engine: &mut RemoteRecogniser| engine.url = "ws://192.168.7.1:2700".into()), "");
    for (change, said) in [
        (
            (&|engine: &mut RemoteRecogniser| engine.url = "https://api.deepgram.com".into())
                as &dyn Fn(&mut RemoteRecogniser),
            "must begin with ws://",
        ),
        (&|engine: &mut RemoteRecogniser| engine.url = "api.deepgram.com".into(), "must begin with ws:// or wss://"),
        (&|engine: &mut RemoteRecogniser| engine.url = "ws://api.deepgram.com".into(), "in the clear: write wss://"),
        (&|engine: &mut RemoteRecogniser| engine.url = "wss://key@api.deepgram.com".into(), "key_file or key_env"),
        (&|engine: &mut RemoteRecogniser| engine.url = "wss://api.deepgram.com?token=a".into(), "key_file or key_env"),
        (&|engine: &mut RemoteRecogniser| engine.name = "whisper".into(), "is the name of an engine of this machine"),
        (&|engine: &mut RemoteRecogniser| engine.name = "My Engine".into(), "lower-case letters"),
        (&|engine: &mut RemoteRecogniser| engine.name = "other".into(), "names \"dg\", which is neither"),
        (&|engine: &mut RemoteRecogniser| engine.patience_ms = Ms(0), "must be 100 to 10000"),
        (
            &|engine: &mut RemoteRecogniser| engine.key_env = Some("NO_SUCH_VARIABLE".into()),
            "key_env names NO_SUCH_VARIABLE, which is not set",
        ),
        (
            &|engine: &mut RemoteRecogniser| engine.key_file = Some("no/such/file".into()),
            "cannot read key_file no/such/file",
        ),
    ] {
        let found = found(change);
        assert!(found.contains(said), "{said}: {found}");
    }
    let mut behind = whole("remote-behind");
    behind.speech.remote_recogniser = vec![engine(), engine()];
    behind.speech.recognisers[Language::Vi] = vec![Recogniser::Whisper, Recogniser::Remote("dg".into())];
    behind.speech.voices[Language::Vi] = vec![Synthesiser::Remote("dg".into()), Synthesiser::Espeak];
    let found = behind.problems().join("\n");
    for said in ["put it first", "entries are named \"dg\"", "speech.voices.vi names \"dg\", which is neither"] {
        assert!(found.contains(said), "{said}: {found}");
    }
}

#[test]
fn every_key_of_the_shipped_file_has_a_comment_above_it_or_above_its_neighbour() {
    let mut explained = false;
    for (number, line) in SHIPPED.lines().enumerate().filter(|(_, line)| !line.starts_with("#:")) {
        match line {
            l if l.starts_with('#') => explained = true,
            "" => explained = false,
            l if l.starts_with("[[") => explained = true,
            l if l.contains(" = ") => assert!(explained, "line {}: {line}", number + 1),
            _ => {}
        }
    }
}

#[test]
fn an_unknown_key_is_named_by_its_full_path() {
    for (text, path) in [
        ("[media]\nthread = 2", "media.thread"),
        ("[speech.pocketsphinx.en]\nmodle = \"x\"", "speech.pocketsphinx.en.modle"),
        ("[[phone]]\nname = \"a\"\nuser = \"b\"\npassword = \"c\"", "phone[0].password"),
        (
            "[[speech.remote_voice]]\nname = \"a\"\nprotocol = \"openai\"\nurl = \"\"\nvoice = \"\"\nkey = \"k\"",
            "speech.remote_voice[0].key",
        ),
        ("telephony = 1", "telephony"),
    ] {
        let fault = parse(text).unwrap_err().to_string();
        assert!(fault.contains(path) && fault.contains("unknown field"), "{fault}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_named_by_its_full_path() {
    let fault = parse("[rtp]\nports_from = \"many\"").unwrap_err().to_string();
    assert!(fault.contains("rtp.ports_from"), "{fault}");
    let fault = parse("[sip]\nopen_networks = [\"10.0.0.0/40\"]").unwrap_err().to_string();
    assert!(fault.contains("sip.open_networks") && fault.contains("10.0.0.0/8"), "{fault}");
    let fault = parse("[sip]\nudp = \"5060\"").unwrap_err().to_string();
    assert!(fault.contains("sip.udp"), "{fault}");
}

#[test]
fn the_environment_overrides_any_key() {
    let config = with(&[
        ("SWITCHBOARD__SIP__UDP", "0.0.0.0:5070"),
        ("SWITCHBOARD__SIP__TCP", ""),
        ("SWITCHBOARD__SIP__USER_AGENT", "2026"),
        ("SWITCHBOARD__SIP__OPEN_NETWORKS", "[\"10.0.0.0/8\"]"),
        ("SWITCHBOARD__STORE__RECORDING", "false"),
        ("SWITCHBOARD__RTP__PORTS_TO", "20001"),
        ("SWITCHBOARD__SPEECH__VOICES__EN", "[\"espeak\"]"),
        ("SWITCHBOARD__ROUTE__0__BOT", "places.vi"),
        ("SWITCHBOARD__ROUTE__3__USER", "third"),
        ("SWITCHBOARD__ROUTE__3__BOT", "echo"),
        ("HOME", "ignored"),
    ])
    .unwrap();
    assert_eq!(config.sip.udp, Several(vec!["0.0.0.0:5070".parse().unwrap()]));
    assert!(config.sip.tcp.is_empty());
    assert_eq!(config.sip.user_agent, "2026");
    assert_eq!(config.sip.open_networks, ["10.0.0.0/8".parse().unwrap()]);
    assert!(!config.store.recording);
    assert_eq!(config.rtp.ports_to, 20_001);
    assert_eq!(config.speech.voices[Language::En], [Synthesiser::Espeak]);
    assert_eq!(config.route[0], Route { user: "booking".into(), bot: "places.vi".into() });
    assert_eq!(config.route[3], Route { user: "third".into(), bot: ECHO.into() });
}

#[test]
fn addresses_are_one_or_a_list_in_file_and_environment() {
    let both: Vec<SocketAddr> = vec!["0.0.0.0:5060".parse().unwrap(), "[::]:5060".parse().unwrap()];
    let text = "[sip]\nudp = [\"0.0.0.0:5060\", \"[::]:5060\"]\ntcp = \"[::1]:5060\"\n[rtp]\nbind = \"::1\"";
    let config = parse(text).unwrap();
    assert_eq!(config.sip.udp.0, both);
    assert_eq!(config.sip.tcp.0, ["[::1]:5060".parse::<SocketAddr>().unwrap()]);
    assert_eq!(config.rtp.bind.0, ["::1".parse::<IpAddr>().unwrap()]);
    let set = [("SWITCHBOARD__SIP__UDP", "[\"0.0.0.0:5060\", '[::]:5060']"), ("SWITCHBOARD__RTP__BIND", "[\"::1\"]")];
    let config = with(&set).unwrap();
    assert_eq!((config.sip.udp.0, config.rtp.bind.0), (both, vec!["::1".parse().unwrap()]));
    let fault = parse("[sip]\nudp = [\"0.0.0.0:5060\", \"::1\"]").unwrap_err().to_string();
    assert!(fault.contains("sip.udp") && fault.contains("::1"), "{fault}");
}

#[test]
fn the_tenth_entry_of_a_list_comes_after_the_second() {
    let set: Vec<(String, String)> = (0..12)
        .flat_map(|n| {
            let phone = format!("SWITCHBOARD__PHONE__{n}__");
            [
                (format!("{phone}NAME"), format!("desk {n}")),
                (format!("{phone}USER"), format!("{n}")),
                (format!("{phone}PASSWORD_ENV"), "PASSWORD".into()),
            ]
        })
        .collect();
    let set: Vec<(&str, &str)> = set.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let names: Vec<String> = with(&set).unwrap().phone.into_iter().map(|phone| phone.name).collect();
    assert_eq!(names, (0..12).map(|n| format!("desk {n}")).collect::<Vec<_>>());
}

#[test]
fn digits_are_text_where_a_new_entry_holds_text() {
    let config = with(&[
        ("SWITCHBOARD__PHONE__0__NAME", "100"),
        ("SWITCHBOARD__PHONE__0__USER", "100"),
        ("SWITCHBOARD__PHONE__0__PASSWORD_ENV", "true"),
        ("SWITCHBOARD__TRUNK__0__NAME", "2026-01-01"),
        ("SWITCHBOARD__TRUNK__0__NETWORKS", "[\"192.0.2.0/24\"]"),
        ("SWITCHBOARD__TRUNK__0__REGISTER__SERVER", "sip:provider.test"),
        ("SWITCHBOARD__TRUNK__0__REGISTER__USER", "+84241234567"),
        ("SWITCHBOARD__TRUNK__0__REGISTER__EXPIRES_S", "60"),
        ("SWITCHBOARD__ROUTE__3__USER", "1900"),
        ("SWITCHBOARD__ROUTE__3__BOT", "echo"),
    ])
    .unwrap();
    let Phone { name, user, password_env, .. } = &config.phone[0];
    assert_eq!((name.as_str(), user.as_str(), password_env.as_deref()), ("100", "100", Some("true")));
    let trunk = &config.trunk[0];
    assert_eq!((trunk.name.as_str(), trunk.networks.len()), ("2026-01-01", 1));
    let register = trunk.register.as_ref().unwrap();
    assert_eq!((register.user.as_str(), register.expires_s), ("+84241234567", Secs(60)));
    assert_eq!(config.route[3].user, "1900");
}

#[test]
fn what_is_wrong_as_text_too_is_told_as_it_was_meant() {
    let fault = with(&[
        ("SWITCHBOARD__TRUNK__0__NAME", "a"),
        ("SWITCHBOARD__TRUNK__0__REGISTER__SERVER", "sip:provider.test"),
        ("SWITCHBOARD__TRUNK__0__REGISTER__USER", "a"),
        ("SWITCHBOARD__TRUNK__0__REGISTER__EXPIRES_S", "-60"),
    ]);
    let fault = fault.unwrap_err().to_string();
    assert!(fault.contains("register.expires_s") && fault.contains("integer `-60`"), "{fault}");
}

#[test]
fn a_wrong_variable_is_named() {
    let fault = with(&[("SWITCHBOARD__SIP__UDPP", "x")]).unwrap_err().to_string();
    assert!(fault.contains("sip.udpp") && fault.contains("environment"), "{fault}");
    let fault = with(&[("SWITCHBOARD__ROUTE__9__BOT", "x")]).unwrap_err().to_string();
    assert!(fault.contains("SWITCHBOARD__ROUTE__9__BOT") && fault.contains('3'), "{fault}");
    let fault = with(&[("SWITCHBOARD__MEDIA__THREADS", "many")]).unwrap_err().to_string();
    assert!(fault.contains("media.threads"), "{fault}");
}

#[test]
fn speech_gets_a_worker_per_core_but_one_and_never_less_than_two() {
    let speech = Speech::default();
    assert_eq!([1, 2, 3, 8].map(|cores| speech.workers(cores)), [2, 2, 2, 7]);
    assert_eq!(Speech { threads: 1, ..speech }.workers(8), 1);
}

#[test]
fn the_defaults_work() {
    assert_eq!(whole("defaults").problems(), Vec::<String>::new());
}

#[test]
fn what_cannot_work_is_said_with_what_to_do() {
    let check = |name: &str, change: fn(&mut Config), expected: &str| {
        let mut config = whole(name);
        change(&mut config);
        let problems = config.problems();
        assert!(problems.len() == 1 && problems[0].contains(expected), "{expected}: {problems:?}");
    };
    check("odd", |c| c.rtp.ports_from = 16_385, "must be even");
    check("few", |c| c.rtp.ports_to = 16_403, "raise rtp.ports_to to 17383");
    check("order", |c| c.rtp.ports_to = 16_000, "must lie above");
    check("ptime", |c| c.rtp.ptime_ms = Ms(25), "10, 20, 30");
    check("codecs", |c| c.rtp.codecs.clear(), "name at least");
    check("bind", |c| c.rtp.bind = Several(vec![[0, 0, 0, 0].into()]), "set rtp.advertise");
    check("no-bind", |c| c.rtp.bind.clear(), "rtp.bind is empty");
    check("bind6", |c| c.rtp.bind.push(Ipv6Addr::UNSPECIFIED.into()), "rtp.bind = ::");
    check("two", |c| c.sip.advertise = Several(vec![[10, 0, 0, 1].into(), [10, 0, 0, 2].into()]), "one IP family");
    check("told6", |c| c.rtp.advertise.push(Ipv6Addr::LOCALHOST.into()), "rtp.bind names no address of its IP family");
    check("full", |c| c.sip.full_status = 404, "486 (busy) or 503");
    check("deaf", |c| (c.sip.udp, c.sip.tcp) = (Several(vec![]), Several(vec![])), "set one of them");
    check("threads", |c| c.media.threads = 0, "media.threads = 0");
    check("huge", |c| c.sip.max_calls = u32::MAX, "lower sip.max_calls");
    check("sum", |c| c.speech.whisper.sha256 = Some("12".into()), "64 hexadecimal");
    check("level", |c| c.log.level = "media=loudest".into(), "log.level");
    check("route", |c| c.route[0].bot = "bookings".into(), "no ");
    check("path", |c| c.route[0].bot = "../secret".into(), "a route leads to");
    check("default", |c| c.default_route = Some("nobody".into()), "nobody.toml");
    check("twice", |c| c.route[1].user = "booking".into(), "two [[route]]");
    check("dial-in", |c| c.supervisor_dial_in = Some("7 0".into()), "write a number or a name");
    check(
        "dial-route",
        |c| (c.supervisor_dial_in, c.route[0].user) = (Some("70".into()), "701234".into()),
        "change one",
    );
    check("same", |c| numbers(c, &["+842412345678", "02412345678"]), "one telephone number");
    check("uri", |c| numbers(c, &["sip:100@host"]), "the user part alone");
    check("code", |c| c.numbers.country_code = "+84".into(), "digits without `+`");
    check("prefix", |c| c.numbers.national_prefix = "x".into(), "numbers.national_prefix");
    check("field", |c| c.trunk.push(bringing(&["X A"])), "no name of a header field");
    check("proof", |c| c.trunk.push(bringing(&["proxy-authorization"])), "password's proof");
    check("fields", |c| c.trunk.push(bringing(&["X-A", "x-a"])), "names x-a twice");
    check("trunk", |c| c.trunk.push(trunk("t")), "neither registers nor names networks");
    check("phone", |c| c.phone.push(phone("p", None, None)), "exactly one of");
    check("both", |c| c.phone.push(phone("p", Some("a"), Some("b"))), "exactly one of");
    check("file", |c| c.phone.push(phone("p", Some("/nonexistent/word"), None)), "cannot read password_file");
    check("env", |c| c.phone.push(phone("p", None, Some("SWITCHBOARD_TEST_UNSET"))), "not set");
}

fn phone(name: &str, file: Option<&str>, env: Option<&str>) -> Phone {
    Phone {
        name: name.into(),
        user: name.into(),
        password_file: file.map(PathBuf::from),
        password_env: env.map(str::to_owned),
    }
}

fn trunk(name: &str) -> Trunk {
    Trunk {
        name: name.into(),
        networks: Vec::new(),
        outbound_proxy: None,
        transport: Transport::Udp,
        headers: Vec::new(),
        register: None,
    }
}

fn bringing(headers: &[&str]) -> Trunk {
    let headers = headers.iter().map(|name| (*name).to_owned()).collect();
    Trunk { networks: Network::loopback().to_vec(), headers, ..trunk("t") }
}

fn numbers(config: &mut Config, users: &[&str]) {
    config.numbers.country_code = "84".into();
    config.route.extend(users.iter().map(|user| Route { user: (*user).into(), bot: ECHO.into() }));
}

#[test]
fn a_password_is_read_from_its_file_and_never_shown() {
    let mut config = whole("password");
    let file = config.bots.dir.join("word");
    std::fs::write(&file, "tiếng Việt\n").unwrap();
    config.phone.push(phone("p", file.to_str(), None));
    assert_eq!(config.problems(), Vec::<String>::new());
    let secret = config.phone[0].password().unwrap();
    assert_eq!(secret.reveal(), "tiếng Việt");
    assert!(!format!("{secret:?} {config:?}").contains("tiếng"));
}

#[test]
fn load_reads_the_file_that_is_named_and_says_which_one_is_missing() {
    let fault = Config::load(Some(Path::new("/nonexistent/server.toml"))).unwrap_err().to_string();
    assert!(fault.contains("/nonexistent/server.toml"), "{fault}");
    let config = whole("load");
    let file = config.bots.dir.join("server.toml");
    std::fs::write(&file, format!("[bots]\ndir = {:?}\n[log]\nformat = \"json\"", config.bots.dir)).unwrap();
    assert_eq!(Config::load(Some(&file)).unwrap().log.format, LogFormat::Json);
    std::fs::write(&file, "[bots]\ndir = \"/nonexistent\"").unwrap();
    assert!(matches!(Config::load(Some(&file)), Err(Fault::Wrong(problems)) if problems.len() == 4));
}

#[test]
fn a_key_of_recordings_comes_from_one_place_only() {
    let text = "[store]\nrecording_format = 'opus'\nrecording_key_file = 'k'\nrecording_key_command = ['kms', 'get']";
    let config = Config::parse("t", text, std::iter::empty()).unwrap();
    assert_eq!(config.store.recording_format, RecordingFormat::Opus);
    assert!(config.problems().iter().any(|problem| problem.contains("both set")), "{:?}", config.problems());
    let set = [("SWITCHBOARD__STORE__RECORDING_KEY_COMMAND", "['kms', 'get']")];
    let set = set.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let config = Config::parse("t", "", set.into_iter()).unwrap();
    assert_eq!(config.store.recording_key_command, ["kms", "get"]);
}

#[test]
fn what_pages_need_is_checked() {
    assert_eq!(whole("pages-fine").problems(), Vec::<String>::new());
    let found = |change: fn(&mut Config)| {
        let mut config = whole("pages");
        change(&mut config);
        config.problems().join(" ")
    };
    assert!(found(|c| c.widget.origins = vec!["https://shop.example/".into()]).contains("is no origin"));
    assert!(found(|c| c.widget.origins = vec!["*".into()]).contains("is no origin"));
    assert!(found(|c| c.widget.public = vec!["nobody".into()]).contains("widget.public names the bot \"nobody\""));
    assert!(found(|c| c.widget.calls_per_address = 0).contains("widget.calls_per_address = 0"));
    assert!(found(|c| c.rtc.bind.clear()).contains("rtc.bind is empty"));
    assert!(found(|c| c.rtc.ports_from = 40_000).contains("rtc.ports_from"));
    assert!(found(|c| c.rtc.turn = vec!["turn:t.example".into()]).contains("rtc.turn_secret_file is not"));
    assert!(found(|c| c.rtc.stun = vec!["stun.example".into()]).contains("stun:host:port"));
    let off = found(|c| (c.widget.enabled, c.widget.public) = (false, vec!["nobody".into()]));
    assert_eq!(off, "");
}
