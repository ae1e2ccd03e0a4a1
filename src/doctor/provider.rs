//! Whether users can sign in by the provider: it is asked, and tells whether it knows this server.
use super::{Finding, ask_apart, broken, fine, lacking};
use crate::config::Config;
use crate::oidc::{Health, OidcFault, Provider};
use crate::plans;

pub(super) fn look(config: &Config, found: &mut Vec<Finding>) {
    let plan = match plans::provider(config) {
        Ok(Some(plan)) => plan,
        Ok(None) => return,
        // Among the problems of the configuration already.
        Err(_) => return,
    };
    let (issuer, https) = (plan.issuer.clone(), plan.issuer.starts_with("https:"));
    if https && !crate::web_client::has_certificates() {
        found.push(broken("nobody signs in by the provider: this machine has no certificates of authorities (package ca-certificates)"));
        return;
    }
    let answer = ask_apart(Provider::new(plan).probe());
    found.push(match answer {
        Some(Ok(answer)) => told(config, &issuer, answer),
        Some(Err(why)) => lacking(format!("the sign-in provider was not asked: {why}")),
        None => lacking("the sign-in provider was not asked: a thread failed"),
    });
    let back = config.oidc.address.as_deref().unwrap_or("https://HOST");
    let client = &config.oidc.client_id;
    found.push(fine(format!("the provider must know {back}/console/ as a redirect address of the client {client:?}")));
}

fn told(config: &Config, issuer: &str, answer: Result<Health, OidcFault>) -> Finding {
    let name = &config.oidc.name;
    match answer {
        Ok(Health { took, keys, says_pkce }) => {
            let pkce = if says_pkce { "" } else { "; it does not say that it knows PKCE, which is used all the same" };
            fine(format!(
                "users sign in by {name} ({issuer}): it answers within {} ms, {keys} keys{pkce}",
                took.as_millis()
            ))
        }
        Err(fault) => {
            let why = match fault {
                OidcFault::Down(why) => format!("it does not answer: {why}"),
                OidcFault::Wrong(why) => why,
                fault => fault.to_string(),
            };
            let line = format!("nobody can sign in by {name} ({issuer}): {why}");
            // Those with a password can.
            if config.oidc.password_sign_in { lacking(line) } else { broken(line) }
        }
    }
}
