//! `RoleRule`: which role, and which bots, follow from what a provider says of somebody.
use super::claim_set::{Claims, claim, texts};
use crate::security::{Granted, Role};

/// Who has this value in this claim has this role.
#[derive(Clone, Debug)]
pub struct RoleRule {
    /// A claim's name; of one within another, both with a dot between them: `realm_access.roles`.
    pub claim: String,
    pub value: String,
    pub role: Role,
    /// Only for calls of these bots; `None`: of all.
    pub bots: Option<Vec<String>>,
}

impl RoleRule {
    fn fits(&self, claims: &Claims) -> bool {
        claim(claims, &self.claim).is_some_and(|found| texts(found).contains(&self.value.as_str()))
    }
}

/// The highest role of those whose rules fit, for the bots of all rules that give it; `None` where no rule fits.
pub(super) fn granted(rules: &[RoleRule], claims: &Claims) -> Option<Granted> {
    let fitting: Vec<&RoleRule> = rules.iter().filter(|rule| rule.fits(claims)).collect();
    let role = fitting.iter().map(|rule| rule.role).max()?;
    let mut bots = Some(Vec::new());
    for rule in fitting.into_iter().filter(|rule| rule.role == role) {
        match (&rule.bots, &mut bots) {
            (Some(more), Some(bots)) => bots.extend(more.iter().cloned()),
            _ => bots = None,
        }
    }
    if let Some(bots) = &mut bots {
        bots.sort();
        bots.dedup();
    }
    Some(Granted { role, bots })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rule(claim: &str, value: &str, role: Role, bots: Option<&[&str]>) -> RoleRule {
        let bots = bots.map(|bots| bots.iter().map(|bot| (*bot).to_owned()).collect());
        RoleRule { claim: claim.into(), value: value.into(), role, bots }
    }

    #[test]
    fn the_highest_role_counts_with_the_bots_of_all_rules_that_give_it() {
        let rules = [
            rule("groups", "all", Role::Viewer, None),
            rule("groups", "rooms", Role::Supervisor, Some(&["booking.en"])),
            rule("groups", "places", Role::Supervisor, Some(&["places.vi", "booking.en"])),
            rule("groups", "every", Role::Supervisor, None),
            rule("realm_access.roles", "boss", Role::Admin, None),
        ];
        let of = |claims: Value| granted(&rules, claims.as_object().unwrap()).map(|one| (one.role, one.bots));
        let some = |bots: &[&str]| Some(bots.iter().map(|bot| (*bot).to_owned()).collect::<Vec<_>>());
        for (claims, found) in [
            (json!({}), None),
            (json!({"groups": []}), None),
            (json!({"groups": ["All", "al", 7, null]}), None),
            (json!({"groups": "all"}), Some((Role::Viewer, None))),
            (json!({"groups": ["all", "rooms"]}), Some((Role::Supervisor, some(&["booking.en"])))),
            (json!({"groups": ["places", "rooms"]}), Some((Role::Supervisor, some(&["booking.en", "places.vi"])))),
            (json!({"groups": ["rooms", "every", "places"]}), Some((Role::Supervisor, None))),
            (json!({"realm_access": {"roles": ["boss"]}}), Some((Role::Admin, None))),
            (json!({"realm_access.roles": "boss"}), Some((Role::Admin, None))),
            (json!({"realm_access": "boss"}), None),
        ] {
            assert_eq!(of(claims.clone()), found, "{claims}");
        }
    }
}
