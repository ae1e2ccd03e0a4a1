//! Amounts of money: asked for, keyed, read back, said and sent.
use super::*;

const TRANSFER: &str = r#"
name = "transfer"
language = "en"
greeting = "Transfers."
closing = "Bye now."
[[task]]
name = "send"
slots = ["amount"]
confirm = [{ text = "{amount}? That is a lot.", when = { amount = { min = 100 } } }, "Shall I send {amount}?"]
on_done = { url = "http://127.0.0.1:1/send", body = { amount = "{amount}", note = "of {amount}" }, say = "Sent. You have {/left:money} left." }
[[slot]]
name = "amount"
type = "money"
max = 2000
prompt = "How much?"
reprompts = ["Please say the amount with dollars and cents."]
"#;

#[test]
fn an_amount_is_read_back_corrected_and_sent_with_its_cents() {
    check(
        TRANSFER,
        "answer
        say twelve fifty
        say twelve dollars five
        say a hundred and twelve dollars and fifty cents
        say no twelve dollars fifty
        say yes
        tool {\"left\": \"87.05\"}
        listen",
        r#"
        bot: Transfers.
        bot: How much?
        caller: twelve fifty
        bot: Sorry, I did not understand that.
        bot: Please say the amount with dollars and cents.
        caller: twelve dollars five
        bot: Sorry, I still did not get that.
        bot: Please say the amount with dollars and cents.
        bot: You can enter the amount on the keypad,
        bot: with two digits for the cents, and then press the hash key.
        caller: a hundred and twelve dollars and fifty cents
        amount = 112.5
        bot: One hundred and twelve dollars and fifty cents?
        bot: That is a lot. Shall I send one hundred and twelve dollars and fifty cents?
        caller: no twelve dollars fifty
        amount = 12.5
        bot: Shall I send twelve dollars and fifty cents?
        caller: yes
        amount = 12.5 ✓
        run Post http://127.0.0.1:1/send {"amount":12.5,"note":"of 12.5"}
        bot: Sent. You have eighty seven dollars and five cents left.
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn an_amount_may_be_keyed() {
    check(
        TRANSFER,
        "answer
        listen
        key 1250#
        listen",
        r#"
        bot: Transfers.
        bot: How much?
        keying true
        keying false
        keys: 1250
        amount = 12.5 ✓
        bot: Shall I send twelve dollars and fifty cents?"#,
    );
}
