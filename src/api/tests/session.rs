//! Signing in over HTTP: cookies, pages of other sites, the first admin, users and tokens by the API.
use super::rights::{Browser, PASSWORD};
use super::*;
use crate::security::Role;

#[tokio::test]
async fn signing_in_gives_a_cookie_that_no_script_reads_and_a_word_against_forgery() {
    let site = Site::open("api-session").await;
    site.user("ada", Role::Supervisor, Some(&["booking.en"])).await;
    let form = json!({"name": "ada", "password": PASSWORD});
    let answer = site.bare(Method::POST, "/api/v1/session").json(&form).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("switchboard_session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let (browser, body) = Browser::of(answer).await;
    assert_eq!(body["user"], json!({"name": "ada", "role": "supervisor", "bots": ["booking.en"]}));
    let rights: Vec<_> = body["rights"].as_array().unwrap().iter().map(|right| right.as_str().unwrap()).collect();
    assert!(rights.contains(&"take_over") && !rights.contains(&"read_metrics"), "that one is of the whole server");
    let again: Value = site.by(&browser, Method::GET, "/api/v1/session").send().await.unwrap().json().await.unwrap();
    assert_eq!(again, body);
    let by_token = site.json("/api/v1/session").await;
    assert_eq!((&by_token["user"]["name"], &by_token["csrf"]), (&json!("admin.token"), &Value::Null));
    assert_eq!(site.problem(site.ask(Method::DELETE, "/api/v1/session")).await.0, 409);
    // Behind a proxy that speaks TLS the cookie is for TLS alone.
    let by_tls = |method, path: &str| site.bare(method, path).header("x-forwarded-proto", "https");
    let proxied = by_tls(Method::POST, "/api/v1/session").json(&form).send().await.unwrap();
    assert_eq!(proxied.headers()["strict-transport-security"], "max-age=31536000");
    let cookie = proxied.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-switchboard_session=") && cookie.contains("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let known = by_tls(Method::GET, "/api/v1/session").header("cookie", cookie).send().await.unwrap();
    assert_eq!(known.status(), 200);
    let csrf = known.json::<Value>().await.unwrap()["csrf"].as_str().unwrap().to_owned();
    // What a page without TLS, or another host of this domain, could have set is no session there.
    let planted = by_tls(Method::GET, "/api/v1/session").header("cookie", &browser.cookie);
    assert_eq!(site.problem(planted).await.0, 401);
    let leave = |origin: String| {
        let request = by_tls(Method::DELETE, "/api/v1/session").header("cookie", cookie);
        request.header("x-csrf-token", &csrf).header("origin", origin)
    };
    assert_eq!(site.problem(leave(site.origin())).await.1["code"], "other_origin", "a page that came without TLS");
    let left = leave(site.origin().replace("http:", "https:")).send().await.unwrap();
    assert_eq!(left.status(), 204);
    let plain = site.bare(Method::GET, "/health/live").send().await.unwrap();
    assert!(!plain.headers().contains_key("strict-transport-security"));
    for (name, password) in [("ada", "wrong horse battery"), ("nobody", PASSWORD)] {
        let wrong = site.bare(Method::POST, "/api/v1/session").json(&json!({"name": name, "password": password}));
        let (status, body) = site.problem(wrong).await;
        assert_eq!((status, &body["code"]), (401, &json!("wrong_password")));
    }
}

#[tokio::test]
async fn a_page_of_another_site_does_nothing_with_the_cookie() {
    let site = Site::open("api-csrf").await;
    let admin = site.user("ada", Role::Admin, None).await;
    let (own, other) = (site.origin(), "https://evil.example".to_owned());
    let changes = [
        (Method::POST, "/api/v1/calls"),
        (Method::DELETE, "/api/v1/calls/x"),
        (Method::PUT, "/api/v1/calls/x/recording"),
        (Method::POST, "/api/v1/bots/reload"),
        (Method::POST, "/api/v1/users"),
        (Method::PATCH, "/api/v1/users/ada"),
        (Method::DELETE, "/api/v1/users/ada"),
        (Method::POST, "/api/v1/tokens"),
        (Method::DELETE, "/api/v1/tokens/x"),
        (Method::PATCH, "/api/v1/session"),
        (Method::DELETE, "/api/v1/session"),
    ];
    for (method, path) in changes {
        let bare = || site.bare(method.clone(), path).header("cookie", &admin.cookie).json(&json!({}));
        let with = || bare().header("x-csrf-token", &admin.csrf);
        for (code, request) in [
            ("csrf", bare()),
            ("csrf", bare().header("origin", &own)),
            ("csrf", bare().header("x-csrf-token", "x")),
            ("csrf", bare().header("x-csrf-token", &admin.cookie)),
            ("other_origin", with().header("origin", &other)),
            ("other_origin", with().header("origin", "null")),
            ("other_origin", with().header("sec-fetch-site", "cross-site")),
            ("other_origin", with().header("sec-fetch-site", "same-site").header("origin", &own)),
        ] {
            let (status, body) = site.problem(request).await;
            assert_eq!((status, &body["code"]), (403, &json!(code)), "{method} {path}");
        }
    }
    let reload = site.bare(Method::POST, "/api/v1/bots/reload").header("cookie", &admin.cookie);
    assert_eq!(reload.header("x-csrf-token", &admin.csrf).send().await.unwrap().status(), 200, "no browser, no origin");
    // Nor does it sign anybody in here.
    for path in ["/api/v1/session", "/api/v1/welcome"] {
        let form = json!({"name": "ada", "password": PASSWORD, "link": "x"});
        let request = site.bare(Method::POST, path).header("origin", &other).json(&form);
        assert_eq!(site.problem(request).await.1["code"], "other_origin");
    }
    for origin in [None, Some(other.as_str()), Some("null")] {
        let refused = site.socket_by(&admin, "/api/v1/events", origin).await;
        assert!(matches!(refused, Err(tungstenite::Error::Http(answer)) if answer.status() == 403), "{origin:?}");
    }
    assert!(site.socket_by(&admin, "/api/v1/events", Some(&own)).await.is_ok());
    // A token is no cookie: pages elsewhere do not have it.
    let reload = site.ask(Method::POST, "/api/v1/bots/reload").header("origin", &other);
    assert_eq!(reload.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_user_sets_another_password_and_goes_on_in_a_new_session() {
    let site = Site::open("api-own-password").await;
    let (first, other) = (site.user("ada", Role::Viewer, None).await, site.sign_in("ada").await);
    let change = |browser: &Browser, current: &str, password: &str| {
        let form = json!({"current": current, "password": password});
        site.by(browser, Method::PATCH, "/api/v1/session").json(&form)
    };
    let (status, body) = site.problem(change(&first, "wrong horse battery", "another password")).await;
    assert_eq!((status, &body["code"]), (401, &json!("wrong_password")));
    assert_eq!(site.problem(change(&first, PASSWORD, "short")).await.0, 422);
    let form = json!({"current": PASSWORD, "password": "another password"});
    assert_eq!(site.problem(site.ask(Method::PATCH, "/api/v1/session").json(&form)).await.0, 409, "a token");
    let (new, body) = Browser::of(change(&first, PASSWORD, "another password").send().await.unwrap()).await;
    assert_eq!(body["user"]["name"], "ada");
    for (browser, status) in [(&first, 401), (&other, 401), (&new, 200)] {
        let answer = site.by(browser, Method::GET, "/api/v1/session").send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    let form = json!({"name": "ada", "password": PASSWORD});
    assert_eq!(site.problem(site.bare(Method::POST, "/api/v1/session").json(&form)).await.0, 401);
}

#[tokio::test]
async fn many_wrong_passwords_have_to_wait() {
    let site = Site::open("api-lock").await;
    site.user("ada", Role::Viewer, None).await;
    let ask = |from: &str, password: &str| {
        let form = json!({"name": "ada", "password": password});
        site.bare(Method::POST, "/api/v1/session").header("x-forwarded-for", from).json(&form)
    };
    for _ in 1..=10 {
        assert_eq!(site.problem(ask("192.0.2.7", "wrong horse battery")).await.0, 401);
    }
    let answer = ask("192.0.2.7", PASSWORD).send().await.unwrap();
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(answer.status() == 429 && (1..=61).contains(&wait), "{wait}");
    assert_eq!(ask("192.0.2.8", PASSWORD).send().await.unwrap().status(), 200, "elsewhere it is not locked");
}

#[tokio::test]
async fn the_first_admin_is_made_by_the_link_and_manages_users() {
    let site = Site::open("api-welcome").await;
    let link = site.access.welcome().await.unwrap().unwrap();
    let accept = |link: &str, password: &str| {
        let form = json!({"link": link, "name": "Ada", "password": password});
        site.bare(Method::POST, "/api/v1/welcome").json(&form)
    };
    assert_eq!(site.problem(accept("wrong", PASSWORD)).await.1["code"], "link_over");
    let (status, body) = site.problem(accept(&link, "too short")).await;
    assert!(status == 422 && body["detail"].as_str().unwrap().contains("12 characters"));
    let (admin, body) = Browser::of(accept(&link, PASSWORD).send().await.unwrap()).await;
    assert_eq!(body["user"], json!({"name": "ada", "role": "admin", "bots": null}));
    assert_eq!(site.problem(accept(&link, PASSWORD)).await.0, 403);
    let ask = |method, path: &str, body: Value| site.by(&admin, method, path).json(&body);
    let new = json!({"name": "eve", "password": PASSWORD, "role": "agent", "bots": ["booking.en"]});
    let made = ask(Method::POST, "/api/v1/users", new.clone()).send().await.unwrap();
    assert_eq!(made.status(), 201);
    assert_eq!(site.problem(ask(Method::POST, "/api/v1/users", new)).await.0, 409);
    for (key, value) in [
        ("name", json!("a b")),
        ("password", json!("short")),
        ("role", json!("root")),
        ("bots", json!(["no.such.bot"])),
        ("bots", json!(vec!["booking.en"; 257])),
        ("more", json!(1)),
    ] {
        let mut wrong = json!({"name": "eva", "password": PASSWORD, "role": "agent"});
        wrong[key] = value;
        assert_eq!(site.problem(ask(Method::POST, "/api/v1/users", wrong)).await.0, 422, "{key}");
    }
    let changed =
        ask(Method::PATCH, "/api/v1/users/eve", json!({"role": "viewer", "bots": null})).send().await.unwrap();
    let changed: Value = changed.json().await.unwrap();
    assert_eq!((&changed["role"], &changed["bots"]), (&json!("viewer"), &Value::Null));
    let kept = ask(Method::PATCH, "/api/v1/users/eve", json!({})).send().await.unwrap();
    assert_eq!(kept.json::<Value>().await.unwrap(), changed);
    assert_eq!(site.problem(ask(Method::DELETE, "/api/v1/users/ada", json!({}))).await.0, 409, "the last admin");
    assert_eq!(site.problem(ask(Method::PATCH, "/api/v1/users/ada", json!({"disabled": true}))).await.0, 409);
    assert_eq!(site.problem(ask(Method::PATCH, "/api/v1/users/nobody", json!({}))).await.0, 404);
    let list = site.json("/api/v1/users").await;
    let names: Vec<_> = list["users"].as_array().unwrap().iter().map(|user| user["name"].clone()).collect();
    assert_eq!(names, ["ada", "eve"]);
    assert!(!list.to_string().contains("argon2"));
    assert_eq!(ask(Method::DELETE, "/api/v1/users/eve", json!({})).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn tokens_are_shown_once_listed_without_their_secret_and_revoked() {
    let site = Site::open("api-tokens").await;
    let expires_at = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    let form =
        json!({"name": "crm", "rights": ["see_calls", "dial"], "bots": ["booking.en"], "expires_at": expires_at});
    let make = |form: &Value| site.ask(Method::POST, "/api/v1/tokens").json(form);
    let made: Value = make(&form).send().await.unwrap().json().await.unwrap();
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    let list = site.json("/api/v1/tokens").await;
    assert_eq!(list["tokens"][0]["owner"], "admin.token");
    assert!(!list.to_string().contains(token));
    let by = |method, path: &str| site.bare(method, path).bearer_auth(token);
    assert_eq!(by(Method::GET, "/api/v1/calls").send().await.unwrap().status(), 200);
    let mut socket = site.socket("/api/v1/events", token).await.unwrap();
    assert_eq!(next(&mut socket).await["event"], "snapshot");
    // It asks for pages' tokens too: for its bot.
    for (bot, status) in [("booking.en", 201), ("new", 403)] {
        let form = json!({"bot": bot, "origin": "https://shop.example"});
        let answer = by(Method::POST, "/api/v1/widget/sessions").json(&form).send().await.unwrap();
        assert_eq!(answer.status(), status, "{bot}");
    }
    for (key, value) in [
        ("rights", json!([])),
        ("rights", json!(["fly"])),
        ("bots", json!(["no.such.bot"])),
        ("name", json!("")),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!("2999-01-01T00:00:00Z")),
    ] {
        let mut wrong = form.clone();
        wrong[key] = value;
        assert_eq!(site.problem(make(&wrong)).await.0, 422, "{key}");
    }
    assert_eq!(site.problem(make(&form)).await.0, 409, "its name is taken");
    let path = format!("/api/v1/tokens/{id}");
    assert_eq!(site.ask(Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(site.problem(by(Method::GET, "/api/v1/calls")).await.0, 401);
    let message = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(message, Message::Close(Some(_))), "{message:?}");
    assert_eq!(site.problem(site.ask(Method::DELETE, &path)).await.0, 404);
}

#[tokio::test]
async fn what_is_done_by_the_api_is_in_the_audit_which_it_only_reads() {
    let site = Site::open("api-audit").await;
    let supervisor = site.user("ada", Role::Supervisor, None).await;
    let id = begin(&site.store, "sip:+4412345678@b.test");
    let path = format!("/api/v1/calls/{id}");
    for _ in 0..3 {
        site.by(&supervisor, Method::GET, &path).send().await.unwrap();
    }
    let new = json!({"to": "sip:+4487654321@b.test", "bot": "booking.en"});
    let placed = site.by(&supervisor, Method::POST, "/api/v1/calls").json(&new).send().await.unwrap();
    let placed = placed.json::<Value>().await.unwrap()["id"].clone();
    site.by(&supervisor, Method::DELETE, &path).send().await.unwrap();
    assert_eq!(site.problem(site.by(&supervisor, Method::GET, "/api/v1/audit")).await.1["right"], "read_audit");
    let listed = site.by(&supervisor, Method::GET, "/api/v1/calls?state=live&limit=7").send().await.unwrap();
    let count = listed.json::<Value>().await.unwrap()["calls"].as_array().unwrap().len();
    let audit = site.json("/api/v1/audit?limit=5").await;
    let records = audit["records"].as_array().unwrap();
    let rows: Vec<_> =
        records.iter().map(|r| (r["name"].as_str().unwrap(), r["action"].as_str().unwrap(), &r["call"])).collect();
    let none = Value::Null;
    assert_eq!(
        rows,
        [
            ("admin.token", "audit_read", &none),
            ("ada", "calls_listed", &none),
            ("ada", "call_ended", &json!(id)),
            ("ada", "call_placed", &placed),
            ("ada", "transcript_read", &json!(id)),
        ]
    );
    let detail: Value = serde_json::from_str(records[1]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail, json!({"calls": count, "state": "live", "before": null, "limit": 7}));
    let older = site.json(&format!("/api/v1/audit?before={}", audit["before"])).await;
    assert_eq!(older["records"][0]["action"], "signed_in");
    assert_eq!(older["before"], Value::Null);
    let of_call = site.json(&format!("/api/v1/audit?call={id}")).await;
    assert_eq!(of_call["records"].as_array().unwrap().len(), 2);
    let text = format!("{audit}{older}");
    assert!(!text.contains("4412345678") && !text.contains("4487654321"), "{text}");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(site.problem(site.ask(method, "/api/v1/audit")).await.0, 405);
    }
    for wrong in ["limit=0", "limit=1001", "before=x", "call=x"] {
        assert_eq!(site.problem(site.ask(Method::GET, &format!("/api/v1/audit?{wrong}"))).await.0, 400, "{wrong}");
    }
    assert_eq!(site.access.audit().verify(&[]).await.unwrap().flaws, []);
}
