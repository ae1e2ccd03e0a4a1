//! Lookups in mid-flow, conditions, kept slots, and how parts of answers are said.
use super::*;

const DESK: &str = r#"
name = "orders"
language = "en"
greeting = "Order desk."
closing = "Bye now."

[[task]]
name = "status"
phrases = ["where is my order"]
slots = ["phone"]
on_done = { say = ["Order {order/number:spelled} is {order/state}.", { text = "It comes {order/eta:date}.", when = { "order/state" = "on its way" } }, "The driver is {order/driver?}."], then = "ask" }
[[task.lookup]]
name = "order"
url = "http://127.0.0.1:1/orders?phone={phone}"
result = "/orders"
several = { say = "You have more than one order, the first for {/0/total:number} dollars.", then = { task = "dated" } }

[[task]]
name = "dated"
phrases = ["an order of some day"]
slots = ["phone", "day"]
on_done = { say = "The order {day} is {order/state}." }
[[task.lookup]]
name = "order"
url = "http://127.0.0.1:1/orders?phone={phone}&day={day}"
result = "/orders"

[[task]]
name = "move"
phrases = ["move my delivery"]
slots = ["phone", "day", "part", { slot = "door", when = { part = ["late"] } }]
confirm = ["Delivery for {customer/first} {day}.", { text = "At the {door} door.", when = { part = "late" } }, "Right?"]
on_done = { url = "http://127.0.0.1:1/move", body = { id = "{customer/id}", day = "{day}", door = "{door}" }, say = "Moved to {day:bare}, your code is {/code:digits}." }
[[task.lookup]]
name = "customer"
method = "POST"
url = "http://127.0.0.1:1/customers"
body = { phone = "{phone}" }
found = { set = { part = "/usual" } }
none = { say = "I do not know that number.", then = { task = "message" } }

[[task]]
name = "message"
phrases = ["leave a message"]
slots = ["phone", "urgent"]
on_done = { say = "We call {phone} back." }

[[slot]]
name = "phone"
type = "digits"
length = 4
keep = true
prompt = "Your number?"
reprompts = ["Your four digits, please."]
[[slot]]
name = "day"
type = "date"
prompt = "Which day?"
[[slot]]
name = "part"
type = "choice"
values = ["early", "late"]
prompt = "Early or late?"
[[slot]]
name = "door"
type = "choice"
values = ["front", "garden"]
prompt = "Which door?"
[[slot]]
name = "urgent"
type = "yes_no"
prompt = "Is it urgent?"
"#;

#[test]
fn one_that_is_found_is_said_in_its_forms_and_what_may_be_missing_is_left_out() {
    check(
        DESK,
        "answer
        say where is my order
        say four oh seven one
        tool {\"orders\": [{\"number\": \"AB-12\", \"state\": \"on its way\", \"eta\": \"2026-11-27T10:00:00+07:00\"}]}
        listen
        say no",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: where is my order
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Get http://127.0.0.1:1/orders?phone=4071
        phone = "4071" ✓
        bot: Order A B, one two is on its way.
        bot: It comes on Friday, November twenty seventh.
        bot: Is there anything else I can do for you?
        caller: no
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn who_is_not_found_is_asked_again_and_given_up_in_the_end() {
    check(
        DESK,
        "answer
        say where is my order
        say four oh seven one
        tool 404
        say four oh seven one
        tool {\"orders\": []}
        say four oh seven two
        tool {\"orders\": null}",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: where is my order
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Get http://127.0.0.1:1/orders?phone=4071
        phone = -
        bot: I cannot find that.
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Get http://127.0.0.1:1/orders?phone=4071
        phone = -
        bot: I cannot find that.
        bot: Your number?
        caller: four oh seven two
        phone = "4072"
        run Get http://127.0.0.1:1/orders?phone=4072
        bot: I am sorry, I cannot help you with this right now.
        bot: Please call again later. Goodbye.
        end: not understood"#,
    );
}

#[test]
fn several_lead_to_another_task_which_knows_what_is_kept() {
    check(
        DESK,
        "answer
        say where is my order
        say four oh seven one
        tool {\"orders\": [{\"total\": 12.5}, {\"total\": 7}]}
        say on friday
        tool {\"orders\": [{\"state\": \"packed\"}]}
        listen",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: where is my order
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Get http://127.0.0.1:1/orders?phone=4071
        bot: You have more than one order,
        bot: the first for twelve point five dollars.
        bot: Which day?
        caller: on friday
        day = "2026-11-27"
        run Get http://127.0.0.1:1/orders?phone=4071&day=2026-11-27
        phone = "4071" ✓
        day = "2026-11-27" ✓
        bot: The order on Friday,
        bot: November twenty seventh is packed.
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn an_answer_that_lacks_what_is_to_be_said_has_failed_when_it_comes() {
    for answer in [
        "{}",
        "{\"orders\": [{\"number\": \"12\"}]}",
        "{\"orders\": [{\"number\": null, \"state\": \"lost\", \"eta\": \"2026-12-01\"}]}",
        "{\"orders\": [{\"number\": \"12\", \"state\": \"lost\", \"eta\": \"soon\"}]}",
    ] {
        check(
            DESK,
            &format!("answer\nsay where is my order\nsay four oh seven one\ntool {answer}"),
            r#"
            bot: Order desk.
            bot: What can I do for you?
            caller: where is my order
            bot: Your number?
            caller: four oh seven one
            phone = "4071"
            run Get http://127.0.0.1:1/orders?phone=4071
            incomplete answer
            bot: I am sorry, that did not work.
            bot: Please call again later.
            end: tool failed"#,
        );
    }
}

#[test]
fn a_lookup_that_is_late_says_so_and_ends() {
    check(
        DESK,
        "answer
        say where is my order
        say four oh seven one
        tool late",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: where is my order
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Get http://127.0.0.1:1/orders?phone=4071
        bot: I am sorry, that takes too long right now.
        bot: Please call again later.
        end: tool failed"#,
    );
}

#[test]
fn a_slot_is_asked_for_where_its_condition_holds_and_forgotten_where_it_does_not_any_more() {
    check(
        DESK,
        "answer
        say move my delivery
        say four oh seven one
        tool {\"id\": 7, \"first\": \"Ada\", \"usual\": \"late\"}
        say friday
        say front
        say no early
        say yes
        tool {\"number\": 3}
        listen",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: move my delivery
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Post http://127.0.0.1:1/customers {"phone":"4071"}
        part = "late" ✓
        bot: Which day?
        caller: friday
        day = "2026-11-27"
        bot: Which door?
        caller: front
        door = "front"
        bot: Delivery for Ada on Friday,
        bot: November twenty seventh. At the front door. Right?
        caller: no early
        part = "early"
        door = -
        bot: Delivery for Ada on Friday,
        bot: November twenty seventh. Right?
        caller: yes
        phone = "4071" ✓
        day = "2026-11-27" ✓
        part = "early" ✓
        run Post http://127.0.0.1:1/move {"day":"2026-11-27","door":null,"id":7}
        incomplete answer
        bot: It is done, but I did not get all of the details.
        bot: Please ask us for them.
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn another_number_in_the_review_is_looked_up_anew() {
    let bot = DESK.replace("reprompts = [\"Your four digits, please.\"]", "cues = [\"number\"]");
    check(
        &bot,
        "answer
        say move my delivery
        say four oh seven one
        tool {\"id\": 7, \"first\": \"Ada\", \"usual\": \"early\"}
        say friday
        say no the number four oh seven two
        tool {\"id\": 8, \"first\": \"Bob\", \"usual\": \"early\"}",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: move my delivery
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Post http://127.0.0.1:1/customers {"phone":"4071"}
        part = "early" ✓
        bot: Which day?
        caller: friday
        day = "2026-11-27"
        bot: Delivery for Ada on Friday,
        bot: November twenty seventh. Right?
        caller: no the number four oh seven two
        phone = "4072"
        part = -
        run Post http://127.0.0.1:1/customers {"phone":"4072"}
        part = "early" ✓
        bot: Delivery for Bob on Friday,
        bot: November twenty seventh. Right?"#,
    );
}

#[test]
fn a_kept_slot_is_not_asked_for_in_the_next_task_and_restart_forgets_it() {
    check(
        DESK,
        "answer
        say where is my order
        say four oh seven one
        tool {\"orders\": {\"number\": 12, \"state\": \"packed\", \"eta\": \"2026-11-27\"}}
        say leave a message
        say start over
        say leave a message",
        r#"
        bot: Order desk.
        bot: What can I do for you?
        caller: where is my order
        bot: Your number?
        caller: four oh seven one
        phone = "4071"
        run Get http://127.0.0.1:1/orders?phone=4071
        phone = "4071" ✓
        bot: Order one two is packed.
        bot: Is there anything else I can do for you?
        caller: leave a message
        bot: Is it urgent?
        caller: start over
        phone = -
        bot: Let us start again.
        bot: What can I do for you?
        caller: leave a message
        bot: Your number?"#,
    );
}

#[test]
fn tasks_that_lead_to_each_other_for_ever_end_the_call() {
    let bot = "name = \"loop\"\nlanguage = \"en\"\ngreeting = \"Hello.\"
        [[slot]]\nname = \"a\"\ntype = \"yes_no\"\nprompt = \"A?\"
        [[task]]\nname = \"one\"\nphrases = [\"one\"]\nslots = [\"a\"]\non_done = { say = \"One.\" }
        [[task.lookup]]\nname = \"x\"\nurl = \"http://127.0.0.1:1/\"\nfound = { then = { task = \"two\" } }\nnone = { then = \"go_on\" }\nseveral = { then = \"go_on\" }
        [[task]]\nname = \"two\"\nphrases = [\"two\"]\nslots = [\"a\"]\non_done = { say = \"Two.\" }
        [[task.lookup]]\nname = \"x\"\nurl = \"http://127.0.0.1:1/\"\nfound = { then = { task = \"one\" } }\nnone = { then = \"go_on\" }\nseveral = { then = \"go_on\" }";
    let mut sim = sim(bot);
    sim.say("one");
    for _ in 0..8 {
        assert_eq!(sim.hung_up, None);
        sim.tool(Ok(serde_json::json!({ "b": 1 })));
    }
    assert_eq!(sim.hung_up, Some(HangUpReason::ToolFailed));
}
