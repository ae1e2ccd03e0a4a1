//! Personal values made from a seed, each in what a caller says, in both languages: for tests that nothing of them is kept or sent.

/// What a caller says, and what must be found nowhere afterwards.
pub struct Planted {
    pub vietnamese: bool,
    /// The caller's turns, one after another.
    pub turns: Vec<String>,
    /// The kind of the slot that takes the value ("name", "address"), and the value, where it is personal by its slot alone.
    pub slot: Option<(&'static str, String)>,
    /// Texts that give the value away.
    pub values: Vec<String>,
}

struct Seed(u64);

impl Seed {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        // The multiplier of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

const EN: [&str; 10] = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const VI: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

fn spoken(digits: &str, vietnamese: bool) -> String {
    let all = if vietnamese { &VI } else { &EN };
    let words: Vec<&str> = digits.bytes().map(|b| all[usize::from(b - b'0')]).collect();
    words.join(" ")
}

fn grouped(digits: &str, sizes: &[usize], joint: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), digits);
    for size in sizes {
        let (head, tail) = rest.split_at((*size).min(rest.len()));
        out.push(head);
        rest = tail;
    }
    out.push(rest);
    out.retain(|part| !part.is_empty());
    out.join(joint)
}

fn luhn(mut digits: String) -> String {
    let sum = |digits: &str| -> u32 {
        let of = |(at, b): (usize, u8)| {
            let digit = u32::from(b - b'0') * if at % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        };
        digits.bytes().rev().enumerate().map(of).sum()
    };
    let check = (10 - sum(&digits) % 10) % 10;
    digits.push_str(&check.to_string());
    digits
}

const LEADS_EN: [&str; 7] =
    ["", "my number is ", "yes, it's ", "sure, you can take ", "well um ", "the number is ", "that would be "];
const LEADS_VI: [&str; 7] = ["", "số của tôi là ", "dạ ", "anh ghi giúp em ", "vâng, ", "là ", "dạ số là "];
const TAILS_EN: [&str; 4] = ["", ".", ", thanks", " please"];
const TAILS_VI: [&str; 4] = ["", ".", " ạ", " nhé"];

fn carried(seed: &mut Seed, value: &str, vietnamese: bool) -> String {
    let (leads, tails) = if vietnamese { (&LEADS_VI, &TAILS_VI) } else { (&LEADS_EN, &TAILS_EN) };
    format!("{}{value}{}", seed.of(leads), seed.of(tails))
}

fn phone(seed: &mut Seed, vietnamese: bool) -> String {
    let head = if vietnamese { seed.of(&["09", "03", "07", "08"]) } else { seed.of(&["04", "02", "07"]) };
    format!("{head}{}", seed.digits(8))
}

fn card(seed: &mut Seed) -> String {
    let head = seed.of(&["4", "51", "55"]).to_owned();
    let rest = seed.digits(15 - head.len());
    luhn(head + &rest)
}

fn citizen(seed: &mut Seed) -> String {
    let head = seed.of(&["001", "048", "079", "092"]);
    format!("{head}{}{}", seed.of(&["085", "192", "099", "177"]), seed.digits(6))
}

/// A number as it stands in a turn, or in two.
fn number(seed: &mut Seed, digits: &str, sizes: &[usize], vietnamese: bool, way: usize) -> Planted {
    let value = match way {
        0 => digits.to_owned(),
        1 => grouped(digits, sizes, seed.of(&[" ", "-", ".", ", "])),
        _ => spoken(digits, vietnamese),
    };
    if way == 3 {
        let (head, tail) = digits.split_at(sizes[0] + sizes.get(1).copied().unwrap_or_default());
        let parts = [spoken(head, vietnamese), spoken(tail, vietnamese)];
        let turns = vec![carried(seed, &parts[0], vietnamese), parts[1].clone()];
        return Planted { vietnamese, turns, slot: None, values: parts.into_iter().chain([value]).collect() };
    }
    let turns = vec![carried(seed, &value, vietnamese)];
    let mut values = vec![value, digits.to_owned()];
    values.dedup();
    Planted { vietnamese, turns, slot: None, values }
}

fn email(seed: &mut Seed, vietnamese: bool, is_spoken: bool) -> Planted {
    let name = seed.of(&["orlando", "quynhanh", "hoangnam", "featherstone", "mai", "tuanvu", "joanna"]);
    let host = seed.of(&["gmail.com", "example.org", "fpt.com.vn", "yahoo.com"]);
    let (mark, digits) = (seed.of(&[".", "_", "-"]), seed.digits(3));
    let written = format!("{name}{mark}{digits}@{host}");
    if !is_spoken {
        let turns = vec![carried(seed, &written, vietnamese)];
        return Planted { vietnamese, turns, slot: None, values: vec![written] };
    }
    let (at, dot) = if vietnamese { (" a còng ", " chấm ") } else { (" at ", " dot ") };
    let mark = match (mark, vietnamese) {
        (".", _) => dot,
        ("_", false) => " underscore ",
        ("_", true) => " gạch dưới ",
        (_, false) => " dash ",
        (_, true) => " gạch ngang ",
    };
    let said = format!("{name}{mark}{}{at}{}", spoken(&digits, vietnamese), host.replace('.', dot));
    let lead = if vietnamese { "email của tôi là " } else { "my email is " };
    let end = host.split('.').next().unwrap_or(host);
    let given = [format!("{name}{mark}"), format!("{at}{end}"), written, said.clone()];
    Planted { vietnamese, turns: vec![format!("{lead}{said}")], slot: None, values: given.into() }
}

fn named(seed: &mut Seed, vietnamese: bool) -> Planted {
    let (name, turn) = if vietnamese {
        let name = format!(
            "{} {} {}",
            seed.of(&["Trịnh", "Đoàn", "Phùng"]),
            seed.of(&["Khánh", "Gia", "Thuỵ"]),
            seed.of(&["Vy", "Huân", "Quyên"])
        );
        let lead = seed.of(&["em là ", "cho tôi đặt bàn, người nhận ", "dạ, "]);
        (name.clone(), format!("{lead}{name} ạ"))
    } else {
        let name = format!(
            "{} {}",
            seed.of(&["Orlando", "Henrietta", "Bartholomew"]),
            seed.of(&["Featherstone", "Quigley", "Abernathy"])
        );
        let lead = seed.of(&["this is ", "put it under ", "it's ", "you are speaking with "]);
        (name.clone(), format!("{lead}{name}, hello"))
    };
    let small = name.to_lowercase();
    Planted {
        vietnamese,
        turns: vec![turn, small.clone()],
        slot: Some(("name", name.clone())),
        values: vec![name, small],
    }
}

fn address(seed: &mut Seed, vietnamese: bool) -> Planted {
    let number = (seed.below(890) + 10).to_string();
    let street = match vietnamese {
        true => seed.of(&["Huỳnh Thúc Kháng", "Phan Kế Bính", "Mai Hắc Đế"]),
        false => seed.of(&["Wattlebird Parade", "Kingfisher Crescent", "Old Orchard Lane"]),
    };
    let lead = if vietnamese { "nhà tôi ở " } else { "I live at " };
    let turns = vec![format!("{lead}{number} {street}")];
    Planted {
        vietnamese,
        turns,
        slot: Some(("address", format!("{number} {street}"))),
        values: vec![street.to_owned()],
    }
}

/// Two hundred of them.
pub fn two_hundred(seed: u64) -> Vec<Planted> {
    let seed = &mut Seed(seed);
    let mut all = Vec::new();
    for at in 0..200 {
        let vietnamese = at % 2 == 0;
        let planted = match at / 2 {
            0..36 => {
                let digits = phone(seed, vietnamese);
                number(seed, &digits, &[4, 3], vietnamese, at / 2 % 4)
            }
            36..56 => {
                let digits = card(seed);
                number(seed, &digits, &[4, 4, 4], vietnamese, at / 2 % 4)
            }
            56..70 => {
                let digits = citizen(seed);
                number(seed, &digits, &[3, 3, 3], vietnamese, at / 2 % 4)
            }
            70..78 => email(seed, vietnamese, false),
            78..88 => email(seed, vietnamese, true),
            88..95 => named(seed, vietnamese),
            _ => address(seed, vietnamese),
        };
        all.push(planted);
    }
    all
}
