//! Which sound belongs to which words of an answer.
use super::*;

const HZ: u32 = 1_000;

fn answer(text: &str, pcm: &[i16]) -> Answer {
    let mut answer = Answer::new(RequestId(1), HZ, None);
    answer.text(text);
    answer.sound("item_1", pcm);
    answer
}

#[test]
fn clauses_are_found_in_order_and_by_their_letters_alone() {
    let mut answer = answer("Good day! **What** can I do? What can I do?", &[]);
    assert_eq!(answer.claim("What can I"), Some(7..15), "words before it are left out");
    assert_eq!(answer.claim("do?"), Some(15..17));
    assert_eq!(answer.claim("Good day!"), None, "that lies behind");
    assert_eq!(answer.claim("One moment, please."), None);
    assert_eq!(answer.claim("…"), None);
    assert_eq!(answer.claim("What can I do?"), Some(17..27));
    assert!(!answer.has_more_words(27) && answer.has_more_words(26));
}

#[test]
fn clauses_share_the_sound_by_their_letters_and_part_where_it_is_quiet() {
    // Two seconds for twenty letters, quiet from 1,180 to 1,220 ms.
    let mut pcm = vec![5_000; 2_000];
    pcm[1_180..1_220].fill(0);
    let mut answer = answer("abcdefghijklmnopqrst", &pcm);
    assert_eq!(answer.end_of(10, 0), 800, "80 ms for each letter while more may come");
    assert_eq!(answer.pace(), None);
    answer.is_whole = true;
    assert_eq!(answer.pace(), Some(0.1));
    let end = answer.end_of(10, 0);
    assert!((1_180..1_220).contains(&end), "{end}");
    assert_eq!((answer.end_of(20, end), answer.end_of(10, 1_900)), (2_000, 1_900));
}

#[test]
fn the_endpoint_is_told_what_was_heard_of_each_piece_of_sound_once() {
    let mut answer = answer("abcdefghij", &[1; 600]);
    answer.sound("item_2", &[1; 400]);
    let clause = UtteranceId(7);
    for (chars, upto) in [(2, 200), (5, 500), (7, 700), (10, 1_000)] {
        answer.mark(clause, chars, upto);
    }
    assert!(!answer.played(UtteranceId(8), 9) && answer.played(clause, 8));
    assert_eq!(answer.settle(), [("item_2".to_owned(), 100)]);
    assert!(answer.settle().is_empty(), "once");
    let mut unheard = self::answer("abc", &[1; 600]);
    assert_eq!(unheard.settle(), [("item_1".to_owned(), 0)]);
    let mut whole = self::answer("abc", &[1; 600]);
    whole.mark(clause, 3, 600);
    whole.played(clause, 3);
    assert!(whole.settle().is_empty());
}

#[test]
fn an_answer_that_never_ends_is_left_to_the_bot_s_own_voice() {
    let mut answer = answer("abc", &[1; 149_000]);
    answer.sound("item_1", &[1; 2_000]);
    assert!(answer.is_mute && answer.pcm.len() == 149_000);
}
