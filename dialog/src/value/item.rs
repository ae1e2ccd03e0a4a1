//! `Items`: a list of items, each a count and a choice for every field, and what further words of the caller make of it.
use super::choice::Choice;
use super::words::begin_with;
use crate::language::Language;
use serde_json::Value as Json;
use std::sync::Arc;

/// What a list of items is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemPlan {
    /// Singular and plural of what is counted ("pizza", "pizzas"); empty when nothing is named.
    pub unit: Vec<String>,
    /// The largest count of one item.
    pub max: i64,
    pub fields: Vec<ItemField>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemField {
    pub name: String,
    /// The question for it where it was not said.
    pub prompt: String,
    pub choices: Vec<Choice>,
}

/// Items as far as they are known.
#[derive(Clone, PartialEq, Eq)]
pub struct Items {
    pub plan: Arc<ItemPlan>,
    pub list: Vec<Item>,
    /// Something was said besides that nobody understood.
    pub is_partly_heard: bool,
    /// What the caller wants done with these items, where they know of others.
    pub intent: Intent,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intent {
    #[default]
    Has,
    Adds,
    Removes,
}

impl Intent {
    /// What a sentence wants done with the items that it names.
    pub fn of(words: &[String], language: Language) -> Intent {
        match () {
            () if removes(words, language) => Intent::Removes,
            () if adds(words, language) => Intent::Adds,
            () => Intent::Has,
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    pub count: Count,
    /// What is counted was named: "three pizzas".
    pub is_counted: bool,
    /// The choice of each field, by index; `None`: it was not said.
    pub fields: Vec<Option<usize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Said(i64),
    /// No count was said, and one is meant: "a large ham", "large ham".
    One,
    /// Several are meant, and nobody knows how many: "large hams".
    Open,
}

/// Items are a caller's words: they stay out of logs.
impl std::fmt::Debug for Items {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Items({})", self.list.len())
    }
}

/// What is still to be asked about a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// How many of this item, by index.
    Count(usize),
    Field {
        item: usize,
        field: usize,
    },
    /// What else there was.
    Unheard,
}

impl Item {
    pub fn number(&self) -> i64 {
        match self.count {
            Count::Said(n) => n,
            Count::One | Count::Open => 1,
        }
    }

    pub fn is_whole(&self) -> bool {
        self.count != Count::Open && self.fields.iter().all(Option::is_some)
    }

    pub fn is_bare(&self) -> bool {
        self.fields.iter().all(Option::is_none)
    }

    /// Whether all that is known of `other` fits this item, and its count too where one was said.
    fn takes(&self, other: &Item) -> bool {
        let count = !matches!(other.count, Count::Said(_)) || self.count == other.count || self.count == Count::Open;
        let fields = self.fields.iter().zip(&other.fields);
        count && fields.into_iter().all(|(own, new)| own.is_none() || new.is_none() || own == new)
    }

    fn fill(&mut self, other: &Item) {
        if let Count::Said(_) = other.count {
            self.count = other.count;
        }
        for (own, new) in self.fields.iter_mut().zip(&other.fields) {
            *own = own.or(*new);
        }
    }
}

impl Items {
    pub fn is_whole(&self) -> bool {
        self.gap().is_none()
    }

    /// The first thing that is to be asked about.
    pub fn gap(&self) -> Option<Gap> {
        let of = |(item, known): (usize, &Item)| match known.fields.iter().position(Option::is_none) {
            Some(field) => Some(Gap::Field { item, field }),
            None if known.count == Count::Open => Some(Gap::Count(item)),
            None => None,
        };
        let open = self.list.iter().enumerate().find_map(of);
        open.or((self.is_partly_heard || self.list.is_empty()).then_some(Gap::Unheard))
    }

    /// The same plan with another list.
    fn with(&self, list: Vec<Item>, is_partly_heard: bool) -> Items {
        Items { plan: self.plan.clone(), list, is_partly_heard, intent: Intent::Has }
    }

    /// The list alone, whatever the caller wants done with it.
    pub fn plain(&self) -> Items {
        self.with(self.list.clone(), self.is_partly_heard)
    }

    /// All of it was heard.
    pub fn heard_out(&self) -> Items {
        self.with(self.list.clone(), false)
    }

    /// A list of objects, each with its `count` and its fields by name.
    pub fn json(&self) -> Json {
        let one = |item: &Item| {
            let fields = self.plan.fields.iter().zip(&item.fields);
            let value = |(field, choice): (&ItemField, &Option<usize>)| {
                (field.name.clone(), choice.map_or(Json::Null, |choice| field.choices[choice].name.clone().into()))
            };
            let count = ("count".to_owned(), item.number().into());
            Json::Object(std::iter::once(count).chain(fields.map(value)).collect())
        };
        self.list.iter().map(one).collect()
    }

    /// The list with what was said in answer to a question about it.
    pub fn completed_by(&self, said: &Items) -> Items {
        let mut list = self.list.clone();
        let open = list.iter().position(|item| !item.is_whole());
        match (open, said.list.as_slice()) {
            // "ham", to "which kind?"
            (Some(open), [one]) if list[open].takes(one) && !(list[open].is_bare() && one.is_whole()) => {
                list[open].fill(one);
            }
            // "one small ham and one large ham", to "two pizzas: which size?"
            (Some(open), all) if list[open].is_bare() => {
                let rest = list[open].number() - all.iter().map(Item::number).sum::<i64>();
                let bare = list.remove(open);
                list.splice(open..open, all.iter().cloned());
                if rest > 0 {
                    list.push(Item { count: Count::Said(rest), ..bare });
                }
            }
            (_, all) => all.iter().for_each(|item| join(&mut list, item, said.intent == Intent::Adds, self.plan.max)),
        }
        // What was not understood before is asked about when nothing else is open.
        self.with(list, said.is_partly_heard || open.is_some() && self.is_partly_heard)
    }

    /// The list after a caller has said what is to be different.
    pub fn changed_by(&self, said: &Items) -> Items {
        let mut list = self.list.clone();
        let mut is_partly_heard = said.is_partly_heard;
        if said.intent == Intent::Removes {
            let all = list.len();
            let is_same =
                |item: &Item, gone: &Item| !gone.is_bare() && item.takes(&Item { count: Count::One, ..gone.clone() });
            let mut are_fewer = false;
            list.retain_mut(|item| match said.list.iter().find(|gone| is_same(item, gone)).map(|gone| gone.count) {
                None => true,
                // "remove one large ham", of three
                Some(Count::Said(n)) if n < item.number() => {
                    item.count = Count::Said(item.number() - n);
                    are_fewer = true;
                    true
                }
                Some(_) => false,
            });
            // "add a small ham and remove the large one" is not understood to its end.
            let are_all_known = said.list.iter().all(|gone| self.list.iter().any(|item| is_same(item, gone)));
            is_partly_heard |= (list.len() == all && !are_fewer) || list.is_empty() || !are_all_known;
        } else if said.intent == Intent::Adds {
            said.list.iter().for_each(|item| join(&mut list, item, true, self.plan.max));
        } else if let [one] = said.list.as_slice()
            && (!one.is_whole() || self.list.iter().any(|item| item.fields == one.fields))
        {
            // "make it three", "no, large": the item that is meant is the only one, or the only one that fits.
            let fits = |item: &Item| {
                list.len() == 1 || (!one.is_bare() && item.takes(&Item { count: Count::One, ..one.clone() }))
            };
            let fitting: Vec<usize> = (0..list.len()).filter(|at| fits(&list[*at])).collect();
            match fitting.as_slice() {
                [at] => {
                    let item = &mut list[*at];
                    if let Count::Said(_) = one.count {
                        item.count = one.count;
                    }
                    for (own, new) in item.fields.iter_mut().zip(&one.fields) {
                        *own = new.or(*own);
                    }
                }
                _ => is_partly_heard = true,
            }
        } else {
            return said.plain();
        }
        self.with(list, is_partly_heard)
    }
}

/// Puts an item into a list. One that is there already was said again, or has another count, or (`adds`) is wanted once more.
fn join(list: &mut Vec<Item>, item: &Item, adds: bool, max: i64) {
    match list.iter_mut().find(|known| known.fields == item.fields && !item.is_bare()) {
        // More than there may be: how many are meant is asked.
        Some(known) if adds => {
            let both = known.number() + item.number();
            known.count = if both > max { Count::Open } else { Count::Said(both) };
        }
        Some(known) => known.count = if item.count == Count::One { known.count } else { item.count },
        None => list.push(item.clone()),
    }
}

fn has(words: &[String], phrases: &[&str]) -> bool {
    (0..words.len()).any(|at| phrases.iter().any(|phrase| begin_with(&words[at..], phrase)))
}

fn adds(words: &[String], language: Language) -> bool {
    match language {
        Language::En => has(words, &["add", "also", "another", "more", "plus", "as well", "extra"]),
        Language::Vi => has(words, &["thêm", "nữa", "cộng"]),
    }
}

fn removes(words: &[String], language: Language) -> bool {
    match language {
        Language::En => {
            has(words, &["remove", "without", "take off", "take away", "delete", "drop", "cancel", "leave out"])
        }
        Language::Vi => has(words, &["bỏ", "xóa", "xoá", "bớt", "hủy"]),
    }
}
