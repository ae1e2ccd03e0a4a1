//! Sign-ins by a provider on a socket of this machine, and what such a provider, or somebody between, can do wrong.
use super::claims::ClaimFault;
use super::*;
use fake::{Fake, Manner, Signing};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::{Duration, Instant};

pub(crate) mod fake;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const BACK: &str = "https://pbx.example/console/";

/// What comes back from the provider after the user's consent, and what the browser has kept.
async fn consented(provider: &Provider, fake: &Fake) -> (Answer, String) {
    let begun = provider.begin(HERE, BACK.into()).await.unwrap();
    let (state, code) = fake.consent(&begun.address);
    (Answer { state, code: Some(code), ..Answer::default() }, begun.secret)
}

async fn signs_in(provider: &Provider, fake: &Fake) -> Outcome {
    let (answer, browser) = consented(provider, fake).await;
    provider.finish(answer, &browser).await
}

#[tokio::test]
async fn a_user_whom_the_provider_vouches_for_is_known_by_subject_and_verified_name() {
    let fake = Fake::start().await;
    let provider = Provider::new(fake.plan());
    for signing in [Signing::Es256, Signing::EdDsa] {
        fake.set(|script| script.signing = signing);
        let identity = signs_in(&provider, &fake).await.unwrap();
        assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (fake.issuer.as_str(), "4711"));
        assert_eq!(identity.name, "ada@shop.example");
        assert_eq!(identity.granted.unwrap().role, crate::security::Role::Supervisor);
    }
    assert_eq!((fake.asked("/jwks"), fake.asked("/me")), (1, 0), "known things are not asked for again");
}

#[tokio::test]
async fn a_token_that_is_not_of_this_sign_in_is_not_believed() {
    let fake = Fake::start().await;
    let provider = Provider::new(fake.plan());
    let claim = |fault: ClaimFault| OidcFault::Token(TokenFault::Claim(fault));
    let now = jiff::Timestamp::now().as_second();
    for (name, value, fault) in [
        ("nonce", json!("another"), ClaimFault::Nonce),
        ("aud", json!("another"), ClaimFault::Audience),
        ("aud", json!([fake::CLIENT, "another"]), ClaimFault::Party),
        ("iss", json!("https://evil.example"), ClaimFault::Issuer),
        ("exp", json!(now - 61), ClaimFault::Expired),
        ("iat", json!(now + 3600), ClaimFault::Early),
        ("sub", Value::Null, ClaimFault::Subject),
    ] {
        let mut before = None;
        fake.set(|script| before = script.claims.insert(name.into(), value));
        assert_eq!(signs_in(&provider, &fake).await, Err(claim(fault)), "{name}");
        fake.set(|script| match before {
            Some(value) => script.claim(name, value),
            None => drop(script.claims.remove(name)),
        });
    }
    let form = |words: &str| OidcFault::Token(TokenFault::Form(words.into()));
    let only = |name: &str| form(&format!("it is signed by `{name}`: only RS256, ES256 and EdDSA are accepted"));
    for (signing, fault) in [
        (Signing::Nothing, only("none")),
        (Signing::SharedSecret, only("HS256")),
        (Signing::OtherKey, TokenFault::Signature.into()),
        (Signing::UnknownKey, TokenFault::Key.into()),
        (Signing::Misnamed, TokenFault::Key.into()),
    ] {
        fake.set(|script| script.signing = signing);
        assert_eq!(signs_in(&provider, &fake).await, Err(fault), "{signing:?}");
    }
    fake.set(|script| script.signing = Signing::Es256);
    assert!(signs_in(&provider, &fake).await.is_ok(), "and one that is right still is");
    fake.set(|script| script.without_id_token = true);
    assert!(matches!(signs_in(&provider, &fake).await, Err(OidcFault::Wrong(why)) if why.contains("openid")));
}

#[tokio::test]
async fn neither_a_state_nor_a_code_is_good_twice_or_in_another_browser() {
    let fake = Fake::start().await;
    let provider = Provider::new(fake.plan());
    let (answer, browser) = consented(&provider, &fake).await;
    let finish = |answer: &Answer, browser: &str| {
        let (provider, answer, browser) = (&provider, answer.clone(), browser.to_owned());
        async move { provider.finish(answer, &browser).await }
    };
    for wrong in ["", "another browser's"] {
        assert_eq!(finish(&answer, wrong).await, Err(OidcFault::Over), "{wrong}");
    }
    let stray = Answer { state: "made up".into(), ..answer.clone() };
    assert_eq!(finish(&stray, &browser).await, Err(OidcFault::Over));
    assert_eq!(fake.asked("/token"), 0, "none of these asks the provider");
    assert!(finish(&answer, &browser).await.is_ok());
    assert_eq!(finish(&answer, &browser).await, Err(OidcFault::Over), "the state was used");
    // A stolen code in a sign-in of the thief's own: it was redeemed, and belongs to another verifier.
    let (own, thief) = consented(&provider, &fake).await;
    let stolen = Answer { code: answer.code.clone(), ..own };
    assert_eq!(finish(&stolen, &thief).await, Err(OidcFault::Refused("invalid_grant".into())));
    let (first, _) = consented(&provider, &fake).await;
    let (own, thief) = consented(&provider, &fake).await;
    let stolen = Answer { code: first.code, ..own };
    assert_eq!(finish(&stolen, &thief).await, Err(OidcFault::Refused("invalid_grant".into())), "PKCE");
}

#[tokio::test]
async fn a_refusal_of_the_provider_ends_the_sign_in_and_its_words_are_shown_plain() {
    let fake = Fake::start().await;
    let provider = Provider::new(fake.plan());
    for (error, shown) in [("access_denied", "access_denied"), ("<b>\u{1b}x</b>\n", "<b>?x</b>?")] {
        let (answer, browser) = consented(&provider, &fake).await;
        let answer = Answer { code: None, error: Some(error.into()), ..answer };
        assert_eq!(provider.finish(answer.clone(), &browser).await, Err(OidcFault::Refused(shown.into())));
        assert_eq!(provider.finish(answer, &browser).await, Err(OidcFault::Over));
    }
    let (answer, browser) = consented(&provider, &fake).await;
    let mixed_up = Answer { issuer: Some("https://evil.example".into()), ..answer };
    assert!(matches!(provider.finish(mixed_up, &browser).await, Err(OidcFault::Wrong(why)) if why.contains("`iss`")));
    assert_eq!(fake.asked("/token"), 0);
    let named = Provider::new(fake.plan());
    fake.set(|script| {
        drop(script.discovery.insert("authorization_response_iss_parameter_supported".into(), true.into()))
    });
    assert!(matches!(signs_in(&named, &fake).await, Err(OidcFault::Wrong(_))), "it says that it names itself");
    let (answer, browser) = consented(&named, &fake).await;
    assert!(named.finish(Answer { issuer: Some(fake.issuer.clone()), ..answer }, &browser).await.is_ok());
}

#[tokio::test]
async fn keys_that_a_provider_changes_are_asked_for_again_and_old_ones_are_good_no_more() {
    let fake = Fake::start().await;
    let provider = Provider::new(fake.plan());
    assert!(signs_in(&provider, &fake).await.is_ok());
    fake.set(|script| script.key = "two".into());
    assert!(signs_in(&provider, &fake).await.is_ok());
    assert_eq!(fake.asked("/jwks"), 2);
    // Who has stolen the key of before signs nobody in with it.
    fake.set(|script| (script.signing, script.key) = (Signing::UnknownKey, "three".into()));
    assert_eq!(signs_in(&provider, &fake).await, Err(TokenFault::Key.into()));
    fake.set(|script| script.signing = Signing::Es256);
    assert!(signs_in(&provider, &fake).await.is_ok());
}

#[tokio::test]
async fn a_provider_that_is_slow_or_answers_otherwise_holds_nobody_up() {
    let fake = Fake::start().await;
    let plan = ProviderPlan { patience: Duration::from_millis(300), ..fake.plan() };
    let down = |outcome: &Result<(), OidcFault>| matches!(outcome, Err(OidcFault::Down(_)));
    let wrong = |outcome: &Result<(), OidcFault>| matches!(outcome, Err(OidcFault::Wrong(_)));
    type Fits<'a> = &'a dyn Fn(&Result<(), OidcFault>) -> bool;
    let manners: [(Manner, Fits<'_>); 6] = [
        (Manner::Slow(Duration::from_secs(30)), &down),
        (Manner::Large, &wrong),
        (Manner::Status(500), &down),
        (Manner::Status(404), &wrong),
        (Manner::Page, &wrong),
        (Manner::Redirect, &wrong),
    ];
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        for (manner, fits) in manners {
            fake.manner(path, manner);
            let (provider, began) = (Provider::new(plan.clone()), Instant::now());
            let outcome = provider.begin(HERE, BACK.into()).await.map(|_| ());
            assert!(fits(&outcome), "{path} {manner:?}: {outcome:?}");
            assert!(began.elapsed() < Duration::from_secs(5), "{path} {manner:?}");
            fake.manner(path, Manner::Proper);
            assert!(provider.begin(HERE, BACK.into()).await.is_ok(), "it is asked again");
        }
    }
    for (manner, fits) in manners {
        let provider = Provider::new(plan.clone());
        let (answer, browser) = consented(&provider, &fake).await;
        fake.manner("/token", manner);
        let outcome = provider.finish(answer, &browser).await.map(|_| ());
        let refused = matches!(outcome, Err(OidcFault::Refused(_)));
        assert!(fits(&outcome) || refused, "{manner:?}: {outcome:?}");
        fake.manner("/token", Manner::Proper);
    }
}

#[tokio::test]
async fn while_a_provider_is_dead_nobody_waits_for_those_before_them_and_what_is_known_serves() {
    let fake = Fake::start().await;
    let plan = ProviderPlan { patience: Duration::from_millis(500), ..fake.plan() };
    fake.manner("/.well-known/openid-configuration", Manner::Slow(Duration::from_secs(30)));
    let (provider, began) = (Provider::new(plan.clone()), Instant::now());
    let all = (0..12).map(|_| provider.begin(HERE, BACK.into()));
    let all = futures::future::join_all(all).await;
    assert!(all.iter().all(|one| matches!(one, Err(OidcFault::Down(_)))), "{all:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(fake.asked("/.well-known/openid-configuration"), 1);
    let nowhere = ProviderPlan { issuer: "http://127.0.0.1:9".into(), ..plan };
    let fault = Provider::new(nowhere).begin(HERE, BACK.into()).await.unwrap_err();
    assert!(matches!(&fault, OidcFault::Down(_)) && fault.to_string().contains("try again"), "{fault}");
}

#[tokio::test]
async fn the_client_shows_its_secret_as_the_provider_asks_for_it_and_a_wrong_one_is_named() {
    let fake = Fake::start().await;
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        let methods = json!([method]);
        fake.set(|script| drop(script.discovery.insert("token_endpoint_auth_methods_supported".into(), methods)));
        let secret = fake.plan().secret.filter(|_| method != "none");
        let provider = Provider::new(ProviderPlan { secret, ..fake.plan() });
        assert!(signs_in(&provider, &fake).await.is_ok(), "{method}");
        let health = provider.probe().await.unwrap();
        assert!(health.keys == 2 && health.says_pkce, "{health:?}");
    }
    fake.set(|script| drop(script.discovery.remove("token_endpoint_auth_methods_supported")));
    let provider = Provider::new(ProviderPlan { secret: None, ..fake.plan() });
    for fault in [signs_in(&provider, &fake).await.unwrap_err(), provider.probe().await.unwrap_err()] {
        assert!(matches!(&fault, OidcFault::Wrong(why) if why.contains("oidc.client_id or its secret")), "{fault}");
    }
    let other = Provider::new(ProviderPlan { issuer: format!("{}/", fake.issuer), ..fake.plan() });
    assert!(matches!(other.probe().await, Err(OidcFault::Wrong(why)) if why.contains(&format!("`{}`", fake.issuer))));
}

#[tokio::test]
async fn claims_that_the_token_lacks_are_asked_for_and_only_those_of_the_same_user_count() {
    let fake = Fake::start().await;
    let provider = Provider::new(fake.plan());
    fake.set(|script| {
        script.claim("email", Value::Null);
        script.claim("email_verified", Value::Null);
        script.told = json!({"sub": "4711", "email": "eve@shop.example", "email_verified": true, "groups": ["bosses"]});
    });
    let identity = signs_in(&provider, &fake).await.unwrap();
    assert_eq!(identity.name, "eve@shop.example");
    assert_eq!(identity.granted.unwrap().role, crate::security::Role::Supervisor, "the token's own claims count first");
    fake.set(|script| script.told = json!({"sub": "4712", "email": "eve@shop.example", "email_verified": true}));
    assert!(matches!(signs_in(&provider, &fake).await, Err(OidcFault::Wrong(why)) if why.contains("another user")));
    fake.set(|script| script.told = json!({"sub": "4711", "email": "eve@shop.example", "email_verified": false}));
    assert_eq!(
        signs_in(&provider, &fake).await,
        Err(OidcFault::NoName("email".into())),
        "anybody can write an address"
    );
    fake.set(|script| {
        script.told = json!({"sub": "4711", "email": "eve@shop.example", "email_verified": true});
        script.claim("groups", json!(["others"]));
    });
    assert_eq!(signs_in(&provider, &fake).await, Err(OidcFault::NoRole { name: "eve@shop.example".into() }));
}
