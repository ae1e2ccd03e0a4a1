//! Which utterance of the playout is which clause of the conversation.
use dialog::conversation::SayId;
use media::tts::UtteranceId;

/// Utterance numbers per clause. The clause itself has the last of them; standby clips played before or inside it have the others, in
/// order. The playout plays a number once, so each clip has its own.
const NUMBERS: u64 = 8;

pub const fn utterance(say: SayId) -> UtteranceId {
    UtteranceId(say.0 * NUMBERS)
}

/// The utterance of standby clip number `n` (from 0) before a clause. Clips beyond the last number share it, and are not played.
pub fn before(clause: UtteranceId, n: u64) -> UtteranceId {
    UtteranceId((clause.0 + 1 + n.min(NUMBERS - 2)).saturating_sub(NUMBERS))
}

/// The clause of an utterance; `None` for a standby clip.
pub const fn clause(utterance: UtteranceId) -> Option<SayId> {
    if utterance.0.is_multiple_of(NUMBERS) { Some(SayId(utterance.0 / NUMBERS)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standby_clips_lie_between_the_clauses() {
        let second = utterance(SayId(2));
        assert_eq!(clause(second), Some(SayId(2)));
        let clips = [0, 1, 6, 7].map(|n| before(second, n));
        assert!(clips.iter().all(|clip| clause(*clip).is_none() && (utterance(SayId(1)) < *clip && *clip < second)));
        assert!(clips.is_sorted() && clips[0] < clips[1] && clips[2] == clips[3]);
    }
}
