//! The bounds of a configuration's numbers. A number outside of them would show as calls that cannot work.
use super::{Acoustic, Config};
use media::Language;
use std::ops::RangeInclusive;

impl Config {
    /// Every number that lies outside of its bounds.
    pub(super) fn ranges(&self, found: &mut Vec<String>) {
        let mut within = |key: &str, value: u64, bounds: RangeInclusive<u64>| {
            if !bounds.contains(&value) {
                found.push(match bounds.end() {
                    &u64::MAX => format!("{key} = {value}: must be at least {}", bounds.start()),
                    end => format!("{key} = {value}: must be {} to {end}", bounds.start()),
                });
            }
        };
        let Self { sip, rtp, media, speech, call, store, http, oidc, widget, rtc, health, drain, .. } = self;
        within("sip.max_calls", sip.max_calls.into(), 1..=u64::MAX);
        within("sip.messages_per_second_per_source", sip.messages_per_second_per_source.into(), 1..=u64::MAX);
        within("sip.ring_limit_s", sip.ring_limit_s.0.into(), 1..=3_600);
        within("rtp.drain_ms", rtp.drain_ms.0.into(), 0..=600_000);
        within("rtp.timeout_ms", rtp.timeout_ms.0.into(), 100..=600_000);
        within("media.threads", media.threads as u64, 1..=256);
        within("media.jitter_max_ms", media.jitter_max_ms.0.into(), 20..=10_000);
        within("speech.threads", speech.threads as u64, 0..=1_024);
        within("speech.listen_limit_ms", speech.listen_limit_ms.0.into(), 50..=60_000);
        within("speech.speak_limit_ms", speech.speak_limit_ms.0.into(), 50..=60_000);
        within("speech.full_wait_ms", speech.full_wait_ms.0.into(), 0..=60_000);
        within("speech.ear.preroll_ms", speech.ear.preroll_ms.0.into(), 0..=2_000);
        within("speech.ear.start_ms", speech.ear.start_ms.0.into(), 16..=1_000);
        within("speech.ear.end_ms", speech.ear.end_ms.0.into(), 50..=5_000);
        within("speech.clauses.size_mb", speech.clauses.size_mb.into(), 1..=1_048_576);
        within("call.answer_delay_ms", call.answer_delay_ms.0.into(), 0..=60_000);
        within("call.max_duration_s", call.max_duration_s.0.into(), 1..=604_800);
        within("call.dial_timeout_s", call.dial_timeout_s.0.into(), 1..=600);
        // A bot that has owed sound for twelve seconds is given up.
        within("call.dead_air_ms", call.dead_air_ms.0.into(), 200..=10_000);
        within("call.no_rtp_ms", call.no_rtp_ms.0.into(), 500..=3_600_000);
        within("call.held_max_s", call.held_max_s.0.into(), 1..=86_400);
        within("store.retention_days", store.retention_days.into(), 0..=36_500);
        within("http.session_idle_s", http.session_idle_s.0.into(), 60..=2_592_000);
        within("http.session_max_s", http.session_max_s.0.into(), 60..=2_592_000);
        within("oidc.leeway_s", oidc.leeway_s.0.into(), 0..=600);
        within("drain.limit_ms", drain.limit_ms.0.into(), 0..=86_400_000);
        if widget.enabled {
            within("widget.token_ttl_s", widget.token_ttl_s.0.into(), 1..=86_400);
            within("widget.grace_s", widget.grace_s.0.into(), 0..=3_600);
            within("widget.max_calls", widget.max_calls.into(), 1..=u64::MAX);
            within("widget.calls_per_address", widget.calls_per_address.into(), 1..=u64::MAX);
            within("widget.sessions_per_minute", widget.sessions_per_minute.into(), 1..=u64::MAX);
            within("rtc.turn_ttl_s", rtc.turn_ttl_s.0.into(), 1..=2_592_000);
            within("rtc.lost_ms", rtc.lost_ms.0.into(), 100..=60_000);
        }
        within("health.window_ms", health.window_ms.0.into(), 1_000..=3_600_000);
        for (key, grade) in health.grades() {
            within(&format!("health.{key}.points"), grade.points.into(), 0..=100);
        }
        for trunk in &self.trunk {
            if let Some(register) = &trunk.register {
                let key = format!("[[trunk]] {:?}: register.expires_s", trunk.name);
                within(&key, register.expires_s.0.into(), 10..=86_400);
            }
        }
        for language in Language::ALL {
            let (code, acoustic) = (language.code(), &speech.pocketsphinx[language]);
            hearing(code, acoustic, found);
            pace(&format!("piper.{code}"), speech.piper[language].speed, found);
        }
        pace("kokoro", speech.kokoro.speed, found);
        for (key, grade) in health.grades() {
            if [grade.from, grade.full].iter().any(|value| !(0.0..=86_400_000.0).contains(value)) {
                found.push(format!("health.{key}: `from` and `full` must be 0 to 86400000"));
            }
        }
        for (key, text) in [("sip.user_agent", &sip.user_agent), ("sip.realm", &sip.realm)] {
            if text.trim().is_empty() || text.contains(|c: char| c.is_control() || "\"\\".contains(c)) {
                found.push(format!("{key} = {text:?}: stands in a SIP header: write words without quotes"));
            }
        }
    }
}

fn pace(engine: &str, speed: f32, found: &mut Vec<String>) {
    if !(0.5..=2.0).contains(&speed) {
        found.push(format!("speech.{engine}.speed = {speed}: must be 0.5 to 2.0"));
    }
}

fn hearing(code: &str, acoustic: &Acoustic, found: &mut Vec<String>) {
    let key = format!("speech.pocketsphinx.{code}");
    if !matches!(acoustic.rate_hz, 8_000 | 16_000) {
        found.push(format!("{key}.rate_hz = {}: must be 8000 or 16000, as the model was trained", acoustic.rate_hz));
    }
    if !(-1_000.0..=0.0).contains(&acoustic.refuse_below) {
        found.push(format!(
            "{key}.refuse_below = {}: must be -1000 to 0; nearer to 0 refuses more",
            acoustic.refuse_below
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Ms, Secs};

    fn found(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        let mut found = Vec::new();
        config.ranges(&mut found);
        found
    }

    #[test]
    fn absurd_numbers_are_refused_with_what_makes_sense() {
        assert_eq!(found(|_| ()), Vec::<String>::new());
        type Change = fn(&mut Config);
        let cases: [(Change, &str); 21] = [
            (|c| c.health.failures.points = 101, "health.failures.points = 101: must be 0 to 100"),
            (|c| c.health.silence_ms.full = f64::NAN, "health.silence_ms: `from` and `full` must be"),
            (|c| c.speech.ear.end_ms = Ms(0), "speech.ear.end_ms = 0: must be 50 to 5000"),
            (|c| c.speech.ear.end_ms = Ms(60_000), "speech.ear.end_ms = 60000"),
            (|c| c.speech.ear.start_ms = Ms(0), "speech.ear.start_ms = 0"),
            (|c| c.speech.ear.preroll_ms = Ms(99_999), "speech.ear.preroll_ms = 99999"),
            (|c| c.speech.listen_limit_ms = Ms(1), "speech.listen_limit_ms = 1"),
            (|c| c.media.jitter_max_ms = Ms(0), "media.jitter_max_ms = 0"),
            (|c| c.call.dead_air_ms = Ms(0), "call.dead_air_ms = 0"),
            (|c| c.call.dead_air_ms = Ms(13_000), "call.dead_air_ms = 13000"),
            (|c| c.call.held_max_s = Secs(0), "call.held_max_s = 0"),
            (|c| c.call.max_duration_s = Secs(u32::MAX), "call.max_duration_s = 4294967295"),
            (|c| c.store.retention_days = 1_000_000, "store.retention_days = 1000000"),
            (|c| c.sip.max_calls = 0, "sip.max_calls = 0: must be at least 1"),
            (|c| c.widget.calls_per_address = 0, "widget.calls_per_address = 0"),
            (|c| c.speech.pocketsphinx[Language::En].rate_hz = 44_100, "8000 or 16000"),
            (|c| c.speech.pocketsphinx[Language::Vi].refuse_below = f32::NAN, "must be -1000 to 0"),
            (|c| c.speech.kokoro.speed = 0.0, "speech.kokoro.speed = 0: must be 0.5 to 2.0"),
            (|c| c.speech.piper[Language::Vi].speed = 3.0, "speech.piper.vi.speed = 3: must be 0.5 to 2.0"),
            (|c| c.speech.clauses.size_mb = 0, "speech.clauses.size_mb = 0"),
            (|c| c.sip.user_agent = "a\r\nVia: b".into(), "write words"),
        ];
        for (change, expected) in cases {
            let found = found(change);
            assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
        }
        let text = "[[trunk]]\nname = 'p'\n[trunk.register]\nserver = 'sip:p.example'\nuser = 'u'\nexpires_s = 0";
        let trunk = Config::parse("t", text, std::iter::empty()).unwrap().trunk;
        assert!(found(|c| c.trunk = trunk)[0].contains("expires_s = 0: must be 10 to 86400"));
        assert_eq!(found(|c| (c.widget.enabled, c.widget.max_calls) = (false, 0)), Vec::<String>::new());
    }
}
