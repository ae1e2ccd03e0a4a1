//! Signing in by a provider over HTTP: who becomes which user, and who does not.
use super::rights::{Browser, PASSWORD};
use super::*;
use crate::oidc::ProviderPlan;
use crate::oidc::tests::fake::{Fake, Manner};
use crate::security::{Invitation, Joining, Role, UserChange};

/// A site whose users sign in by `fake`.
async fn site(name: &str, fake: &Fake, change: impl FnOnce(&mut ProviderPlan)) -> Site {
    let mut plan = fake.plan();
    change(&mut plan);
    Site::signing_in(name, page::plan(), Some(plan), true).await
}

/// A browser at the provider: what it has kept, and what it comes back with.
struct Journey {
    cookie: String,
    state: String,
    code: String,
}

async fn leaves(site: &Site, fake: &Fake) -> Journey {
    let answer = site.bare(Method::POST, "/api/v1/oidc").header("origin", site.origin()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("switchboard_sign_in=") && cookie.contains("HttpOnly; SameSite=Strict; Max-Age=600"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let way: Value = answer.json().await.unwrap();
    let address = way["address"].as_str().unwrap();
    let back = format!("redirect_uri=http%3A%2F%2F127.0.0.1%3A{}%2Fconsole%2F", site.address.port());
    assert!(address.contains(&back), "{address}");
    let (state, code) = fake.consent(address);
    Journey { cookie: cookie.split(';').next().unwrap().to_owned(), state, code }
}

fn returns(site: &Site, Journey { cookie, state, code }: &Journey) -> RequestBuilder {
    let request = site.bare(Method::POST, "/api/v1/oidc/session").header("origin", site.origin());
    request.header("cookie", cookie).json(&json!({"state": state, "code": code}))
}

/// The whole way, and what it comes to.
async fn signs_in(site: &Site, fake: &Fake) -> reqwest::Response {
    let journey = leaves(site, fake).await;
    returns(site, &journey).send().await.unwrap()
}

async fn refused(site: &Site, fake: &Fake) -> (u16, String) {
    let journey = leaves(site, fake).await;
    let (status, body) = site.problem(returns(site, &journey)).await;
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn refusal(code: &str) -> (u16, String) {
    (403, code.to_owned())
}

/// The audit from the first record on: who, what, detail.
async fn audited(site: &Site) -> Vec<(String, String, Value)> {
    let page = site.json("/api/v1/audit?limit=1000").await;
    let record = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("name"), text("action"), serde_json::from_str(&text("detail")).unwrap())
    };
    page["records"].as_array().unwrap().iter().rev().map(record).collect()
}

#[tokio::test]
async fn a_user_is_made_at_the_first_sign_in_and_has_a_session_as_any_other() {
    let fake = Fake::start().await;
    let site = site("oidc-made", &fake, |_| ()).await;
    let ways: Value = site.bare(Method::GET, "/api/v1/sign-in").send().await.unwrap().json().await.unwrap();
    assert_eq!(ways, json!({"password": true, "provider": {"name": "Company"}}));
    let answer = signs_in(&site, &fake).await;
    assert_eq!(answer.status(), 200);
    let cookies: Vec<_> =
        answer.headers().get_all("set-cookie").iter().map(|one| one.to_str().unwrap().to_owned()).collect();
    assert!(
        cookies[0].starts_with("switchboard_session=") && cookies[0].ends_with("; Path=/; HttpOnly; SameSite=Strict")
    );
    assert_eq!(cookies[1], "switchboard_sign_in=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    let (browser, body) = Browser::of(answer).await;
    assert_eq!(body["user"], json!({"name": "ada@shop.example", "role": "supervisor", "bots": null}));
    // What changes something needs the word against forgery, as in every session.
    let bare = site
        .bare(Method::PUT, "/api/v1/agents/me")
        .header("cookie", &browser.cookie)
        .json(&json!({"available": false}));
    assert_eq!(site.problem(bare).await.1["code"], "csrf");
    let available = site.by(&browser, Method::PUT, "/api/v1/agents/me").json(&json!({"available": false}));
    assert_eq!(available.send().await.unwrap().status(), 200);
    let users = site.json("/api/v1/users").await;
    assert_eq!(users["users"][0]["identity"], json!({"issuer": fake.issuer, "subject": "4711"}));
    // No password is theirs.
    for password in ["", PASSWORD] {
        let form = json!({"name": "ada@shop.example", "password": password});
        let wrong = site.bare(Method::POST, "/api/v1/session").json(&form);
        assert_eq!(site.problem(wrong).await.1["code"], "wrong_password");
    }
    let told = audited(&site).await;
    let of_ada: Vec<_> =
        told.iter().filter(|(name, ..)| name == "ada@shop.example").map(|one| one.1.as_str()).collect();
    assert_eq!(of_ada[..2], ["user_added", "signed_in"]);
    assert!(told.iter().any(|(_, action, detail)| action == "signed_in" && detail["by"] == "oidc"));
}

#[tokio::test]
async fn the_role_follows_the_provider_at_each_sign_in_and_who_has_none_is_refused() {
    let fake = Fake::start().await;
    let site = site("oidc-roles", &fake, |_| ()).await;
    let (first, _) = Browser::of(signs_in(&site, &fake).await).await;
    fake.set(|script| script.claim("groups", json!(["ops", "bosses"])));
    let (_, body) = Browser::of(signs_in(&site, &fake).await).await;
    assert_eq!(body["user"]["role"], "admin");
    let before = site.by(&first, Method::GET, "/api/v1/session");
    assert_eq!(site.problem(before).await.0, 401, "sessions of the role before are over");
    // The last admin, too, is one no longer.
    fake.set(|script| script.claim("groups", json!(["ops"])));
    let (_, body) = Browser::of(signs_in(&site, &fake).await).await;
    assert_eq!(body["user"]["role"], "supervisor");
    fake.set(|script| script.claim("groups", json!([])));
    assert_eq!(refused(&site, &fake).await, refusal("no_role"));
    let told = audited(&site).await;
    let changes = told.iter().filter(|(_, action, _)| action == "user_changed").count();
    assert_eq!(changes, 2);
    let (name, _, detail) = told.iter().find(|(_, action, _)| action == "sign_in_failed").unwrap();
    assert_eq!((name.as_str(), &detail["why"], &detail["by"]), ("ada@shop.example", &json!("no_role"), &json!("oidc")));
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    site.access.change_user(&Principal::command(), "ada@shop.example", change).await.unwrap();
    fake.set(|script| script.claim("groups", json!(["ops"])));
    assert_eq!(refused(&site, &fake).await, refusal("user_disabled"));
}

#[tokio::test]
async fn nobody_takes_a_user_over_by_a_name_and_only_a_verified_one_is_whom_was_invited() {
    let fake = Fake::start().await;
    let site = site("oidc-takeover", &fake, |_| ()).await;
    let ada = site.user("ada@shop.example", Role::Admin, None).await;
    fake.set(|script| script.claim("email_verified", json!(false)));
    assert_eq!(refused(&site, &fake).await, refusal("no_name"));
    fake.set(|script| script.claim("email_verified", json!(true)));
    assert_eq!(refused(&site, &fake).await, refusal("name_taken"), "a verified one takes no local user over either");
    assert_eq!(site.by(&ada, Method::GET, "/api/v1/session").send().await.unwrap().status(), 200);
    // Somebody else who has this address now is another subject.
    fake.set(|script| script.claim("email", json!("eve@shop.example")));
    assert_eq!(signs_in(&site, &fake).await.status(), 200);
    fake.set(|script| script.claim("sub", json!("4712")));
    assert_eq!(refused(&site, &fake).await, refusal("name_taken"));
    // The subject stays the user, whatever it is called later.
    fake.set(|script| {
        script.claim("sub", json!("4711"));
        script.claim("email", json!("eve.new@shop.example"));
    });
    let (_, body) = Browser::of(signs_in(&site, &fake).await).await;
    assert_eq!(body["user"]["name"], "eve@shop.example");
    for odd in ["Ế@shop.example", "a b@shop.example", &"x".repeat(200), "admin.token"] {
        fake.set(|script| {
            script.claim("sub", json!(odd));
            script.claim("email", json!(odd));
        });
        assert_eq!(refused(&site, &fake).await, refusal("no_name"), "{odd}");
    }
}

#[tokio::test]
async fn where_users_are_invited_nobody_else_comes_in_and_the_role_is_what_an_admin_gave() {
    let fake = Fake::start().await;
    let site = site("oidc-invited", &fake, |plan| (plan.joining, plan.roles) = (Joining::Invited, Vec::new())).await;
    assert_eq!(refused(&site, &fake).await, refusal("not_invited"));
    let new = json!({"name": "Ada@shop.example", "role": "agent", "bots": ["booking.en"]});
    let made: Value = site.ask(Method::POST, "/api/v1/users").json(&new).send().await.unwrap().json().await.unwrap();
    assert_eq!(made["identity"], json!({"issuer": fake.issuer, "subject": null}));
    fake.set(|script| script.claim("email_verified", json!(false)));
    assert_eq!(refused(&site, &fake).await, refusal("no_name"));
    fake.set(|script| script.claim("email_verified", json!(true)));
    let (_, body) = Browser::of(signs_in(&site, &fake).await).await;
    assert_eq!(body["user"], json!({"name": "ada@shop.example", "role": "agent", "bots": ["booking.en"]}));
    // The invitation is used; one for another issuer is none.
    fake.set(|script| script.claim("sub", json!("4712")));
    assert_eq!(refused(&site, &fake).await, refusal("name_taken"));
    let other = Invitation { name: "eve@shop.example", issuer: "https://id.example", role: Role::Admin, bots: None };
    site.access.invite(&Principal::command(), other).await.unwrap();
    fake.set(|script| script.claim("email", json!("eve@shop.example")));
    assert_eq!(refused(&site, &fake).await, refusal("name_taken"));
    let failed = audited(&site).await.into_iter().filter(|(_, action, _)| action == "sign_in_failed");
    let whys: Vec<_> = failed.map(|(_, _, detail)| detail["why"].as_str().unwrap().to_owned()).collect();
    assert_eq!(whys, ["not_invited", "no_name", "name_taken", "name_taken"]);
}

#[tokio::test]
async fn a_sign_in_ends_in_the_browser_that_began_it_once_and_for_pages_of_this_server_alone() {
    let fake = Fake::start().await;
    let site = site("oidc-browser", &fake, |_| ()).await;
    let journey = leaves(&site, &fake).await;
    let other = Journey { cookie: "switchboard_sign_in=other".into(), ..leaves(&site, &fake).await };
    let (status, body) = site.problem(returns(&site, &other)).await;
    assert_eq!((status, &body["code"]), (403, &json!("sign_in_over")));
    assert!(body["detail"].as_str().unwrap().contains("begin again"));
    let foreign = returns(&site, &journey).header("sec-fetch-site", "cross-site");
    assert_eq!(site.problem(foreign).await.1["code"], "other_origin");
    assert_eq!(returns(&site, &journey).send().await.unwrap().status(), 200);
    assert_eq!(site.problem(returns(&site, &journey)).await.1["code"], "sign_in_over");
    let foreign = site.bare(Method::POST, "/api/v1/oidc").header("origin", "https://evil.example");
    assert_eq!(site.problem(foreign).await.1["code"], "other_origin");
    let denied = leaves(&site, &fake).await;
    let request = site.bare(Method::POST, "/api/v1/oidc/session").header("cookie", &denied.cookie);
    let (status, body) = site.problem(request.json(&json!({"state": denied.state, "error": "access_denied"}))).await;
    assert_eq!((status, &body["code"]), (403, &json!("provider_refused")));
    fake.manner("/token", Manner::Status(500));
    let journey = leaves(&site, &fake).await;
    let answer = returns(&site, &journey).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "10"));
    let whys: Vec<_> = audited(&site)
        .await
        .into_iter()
        .filter_map(|(_, _, detail)| detail["why"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(whys, ["sign_in_over", "provider_refused", "provider_down"], "one record a minute for the same");
}

#[tokio::test]
async fn sign_ins_of_one_source_have_a_rate() {
    let fake = Fake::start().await;
    let site = site("oidc-rate", &fake, |_| ()).await;
    let form = json!({"state": "x", "code": "y"});
    let mut refusals = Vec::new();
    for _ in 0..230 {
        let answer = site.bare(Method::POST, "/api/v1/oidc/session").json(&form).send().await.unwrap();
        refusals.push(answer.status().as_u16());
    }
    assert_eq!(refusals[..200], [403; 200]);
    assert!(refusals.contains(&429), "{refusals:?}");
    // One more may be let in each half second.
    let mut begun = Vec::new();
    for _ in 0..5 {
        begun.push(site.bare(Method::POST, "/api/v1/oidc").send().await.unwrap().status().as_u16());
    }
    assert!(begun.contains(&429), "{begun:?}");
    assert_eq!(fake.asked("/token"), 0);
    let failed = audited(&site).await.into_iter().filter(|(_, action, _)| action == "sign_in_failed").count();
    assert_eq!(failed, 1, "the rest is a sum");
}

#[tokio::test]
async fn passwords_can_be_turned_off_and_without_a_provider_nothing_of_it_is_there() {
    let fake = Fake::start().await;
    let off = Site::signing_in("oidc-alone", page::plan(), Some(fake.plan()), false).await;
    let new = crate::security::NewUser { name: "ada", password: PASSWORD, role: Role::Admin, bots: None };
    off.access.add_user(&Principal::command(), new).await.unwrap();
    for (path, form) in [
        ("/api/v1/session", json!({"name": "ada", "password": PASSWORD})),
        ("/api/v1/welcome", json!({"link": "x", "name": "ada", "password": PASSWORD})),
    ] {
        let (status, body) = off.problem(off.bare(Method::POST, path).json(&form)).await;
        assert_eq!((status, &body["code"]), (403, &json!("password_off")));
    }
    let ways: Value = off.bare(Method::GET, "/api/v1/sign-in").send().await.unwrap().json().await.unwrap();
    assert_eq!(ways["password"], false);
    assert_eq!(signs_in(&off, &fake).await.status(), 200);
    let without = Site::open("oidc-none").await;
    let ways: Value = without.bare(Method::GET, "/api/v1/sign-in").send().await.unwrap().json().await.unwrap();
    assert_eq!(ways, json!({"password": true, "provider": null}));
    for (path, form) in [("/api/v1/oidc", json!({})), ("/api/v1/oidc/session", json!({"state": "x"}))] {
        let (status, body) = without.problem(without.bare(Method::POST, path).json(&form)).await;
        assert_eq!((status, &body["code"]), (404, &json!("no_provider")));
    }
    let invited = without.ask(Method::POST, "/api/v1/users").json(&json!({"name": "eve", "role": "agent"}));
    let (status, body) = without.problem(invited).await;
    assert!(status == 422 && body["detail"].as_str().unwrap().contains("oidc.issuer"), "{body}");
}
