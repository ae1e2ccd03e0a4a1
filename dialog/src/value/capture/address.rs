//! Postal addresses in their parts: of Vietnam (house number, street, ward, district, province, with the names before and since July
//! 2025), and of English-speaking countries (house number, street, unit, city, state, postal code).
use super::provinces::{self, Province};
use super::{bare, lower};
use crate::language::Language;
use serde_json::{Map, Value as Json};

mod en;
mod marks;
mod vi;
mod written;

/// A part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Number,
    Street,
    Unit,
    Ward,
    District,
    Province,
    City,
    State,
    Postcode,
}

impl Part {
    pub const ALL: [Part; 9] = [
        Part::Number,
        Part::Street,
        Part::Unit,
        Part::Ward,
        Part::District,
        Part::Province,
        Part::City,
        Part::State,
        Part::Postcode,
    ];

    /// As it stands in files and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Part::Number => "number",
            Part::Street => "street",
            Part::Unit => "unit",
            Part::Ward => "ward",
            Part::District => "district",
            Part::Province => "province",
            Part::City => "city",
            Part::State => "state",
            Part::Postcode => "postcode",
        }
    }
}

/// What a bot asks of an address: the parts that have to be known, and the wards that there are, where a file lists them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddressPlan {
    pub parts: Vec<Part>,
    pub wards: Vec<Ward>,
}

/// A ward of a file, with its province where the file says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ward {
    pub name: String,
    pub province: Option<&'static str>,
}

impl AddressPlan {
    /// The first part that has to be known and is not.
    pub fn missing(&self, address: &Address) -> Option<Part> {
        self.parts.iter().copied().find(|part| address.get(*part).is_none())
    }
}

/// An address as far as it is known. `ends_with_district`: a district was named, which there is none any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    parts: Vec<(Part, String)>,
    /// The province of before July 2025 that was named, where it belongs to another one now.
    pub old_province: Option<&'static str>,
}

impl Address {
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn get(&self, part: Part) -> Option<&str> {
        self.parts.iter().find(|(of, _)| *of == part).map(|(_, text)| text.as_str())
    }

    pub fn set(&mut self, part: Part, text: String) {
        self.parts.retain(|(of, _)| *of != part);
        self.parts.push((part, text));
        self.parts.sort_by_key(|(of, _)| *of);
    }

    pub(super) fn set_province(&mut self, province: Province) {
        self.old_province = province.before;
        self.set(Part::Province, province.now.to_owned());
    }

    /// The parts of another one in place of its own.
    pub fn with(&self, said: &Address) -> Address {
        let mut out = self.clone();
        for (part, text) in &said.parts {
            out.set(*part, text.clone());
        }
        if said.get(Part::Province).is_some() {
            out.old_province = said.old_province;
        }
        out
    }

    pub fn parts(&self) -> impl Iterator<Item = (Part, &str)> {
        self.parts.iter().map(|(part, text)| (*part, text.as_str()))
    }

    pub fn json(&self) -> Json {
        let mut all: Map<String, Json> =
            self.parts().map(|(part, text)| (part.name().to_owned(), text.into())).collect();
        if let Some(old) = self.old_province {
            all.insert("old_province".into(), old.into());
        }
        Json::Object(all)
    }

    /// The address that a record's JSON has.
    pub fn of_json(json: &Json) -> Option<Address> {
        let mut out = Address::default();
        for (name, text) in json.as_object()?.iter().filter(|(name, _)| *name != "old_province") {
            let part = Part::ALL.into_iter().find(|part| part.name() == name)?;
            let text = text.as_str().map(str::trim).filter(|text| !text.is_empty())?;
            match (part, provinces::named(text)) {
                (Part::Province, Some(province)) => out.set_province(province),
                (Part::Province, None) => return None,
                _ => out.set(part, text.to_owned()),
            }
        }
        if let Some(old) = json.get("old_province").and_then(Json::as_str) {
            out.old_province = provinces::named(old).and_then(|province| province.before);
        }
        (!out.is_empty()).then_some(out)
    }
}

const LEADS_EN: [&str; 20] = [
    "my address is",
    "the address is",
    "address is",
    "it's",
    "it is",
    "i live at",
    "i live on",
    "i live in",
    "we're at",
    "i'm at",
    "deliver to",
    "deliver it to",
    "send it to",
    "that's",
    "that is",
    "at",
    "to",
    "in",
    "on",
    "i said",
];
const LEADS_VI: [&str; 24] = [
    "địa chỉ của tôi là",
    "địa chỉ của em là",
    "địa chỉ của anh là",
    "địa chỉ của chị là",
    "địa chỉ nhà tôi là",
    "địa chỉ là",
    "địa chỉ",
    "nhà tôi ở",
    "nhà em ở",
    "nhà anh ở",
    "nhà chị ở",
    "tôi ở",
    "em ở",
    "anh ở",
    "chị ở",
    "mình ở",
    "nhà mình ở",
    "giao về",
    "giao đến",
    "giao tới",
    "ở",
    "là",
    "tại",
    "nhà ở",
];

/// The parts that pieces name, all of them. `asked`: the part that was asked for, which words without a name of a part are. `None`: some
/// words are no part.
pub fn read(pieces: &[String], plan: &AddressPlan, asked: Option<Part>, language: Language) -> Option<Address> {
    let low = lower(pieces);
    let span = bare(&low, if language == Language::En { &LEADS_EN } else { &LEADS_VI }, language);
    let (raw, low) = (&pieces[span.clone()], &low[span]);
    if low.is_empty() {
        return None;
    }
    match language {
        Language::Vi => vi::read(raw, low, plan, asked),
        Language::En => en::read(raw, low, asked),
    }
}
