//! Certificates on a real socket.
use super::*;
use crate::api::serve::{Web, WebPlan};
use crate::testdir;
use axum::routing::get;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn client(files: &Files) -> Client {
    let _ = ring::default_provider().install_default();
    let trusted = reqwest::Certificate::from_pem(&std::fs::read(&files.certificate).unwrap()).unwrap();
    Client::builder().tls_certs_only([trusted]).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn open(tls: Tls) -> Web {
    let router = axum::Router::new().route("/", get(async || "here"));
    let plan = WebPlan { head: Duration::from_millis(500), ..WebPlan::default() };
    Web::open("127.0.0.1:0".parse().unwrap(), router, plan, Some(tls)).await.unwrap()
}

#[tokio::test]
async fn a_page_comes_over_tls_and_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let files = local(&testdir("tls"), HOME).unwrap();
    let tls = Tls::load(files.clone()).unwrap();
    let web = open(tls.clone()).await;
    tokio::spawn(tls.clone().follow_every(Duration::from_millis(10)));
    let url = format!("https://{}/", web.address());
    let old = client(&files);
    assert_eq!(old.get(&url).send().await.unwrap().text().await.unwrap(), "here");

    let before = tls.fingerprint();
    std::fs::write(&files.certificate, "-----BEGIN CERTIFICATE-----\nno\n").unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(tls.fingerprint(), before);
    assert!(client_works(&old, &url).await, "the old one is still in force");

    let renewed = local(&files.certificate.parent().unwrap().join("renewed"), HOME).unwrap();
    std::fs::copy(&renewed.certificate, &files.certificate).unwrap();
    std::fs::copy(&renewed.key, &files.key).unwrap();
    let mut waits = 0;
    while tls.fingerprint() == before {
        waits += 1;
        assert!(waits < 500, "the new certificate is never taken up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(client_works(&client(&files), &url).await);
}

async fn client_works(client: &Client, url: &str) -> bool {
    client.get(url).send().await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn who_speaks_plain_http_is_sent_to_https_and_who_says_nothing_is_let_go() {
    let files = local(&testdir("tls-plain"), HOME).unwrap();
    let web = open(Tls::load(files.clone()).unwrap()).await;
    let answer = client(&files).get(format!("http://{}/page?x=1", web.address())).send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()["location"], format!("https://{}/page?x=1", web.address()));
    let posted = client(&files).post(format!("http://{}/page", web.address())).body("secret").send().await.unwrap();
    assert_eq!(posted.status(), 400, "what was meant to be secret is not asked for again");
    for said in [&b""[..], b"\x16\x03\x01", b"\x00\x01\x02\x03 no TLS at all"] {
        let mut stream = TcpStream::connect(web.address()).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{said:?} holds its connection");
    }
}

#[test]
fn a_certificate_for_the_local_network_is_made_once_and_its_key_is_the_owners_alone() {
    let dir = testdir("tls-lan");
    let files = local(&dir, HOME).unwrap();
    let before = std::fs::read(&files.certificate).unwrap();
    assert_eq!(local(&dir, HOME).unwrap(), files);
    assert_eq!(std::fs::read(&files.certificate).unwrap(), before);
    assert_eq!(std::fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&files.key, "broken").unwrap();
    local(&dir, HOME).unwrap();
    assert_ne!(std::fs::read(&files.certificate).unwrap(), before, "a pair that cannot be used is made anew");
}

#[test]
fn files_that_cannot_be_used_say_why() {
    let dir = testdir("tls-faults");
    let files = local(&dir, HOME).unwrap();
    let other = local(&dir.join("other"), HOME).unwrap();
    let fault = |certificate: &Path, key: &Path| {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        Tls::load(files).err().expect("a fault").to_string()
    };
    let empty = dir.join("empty");
    std::fs::write(&empty, "").unwrap();
    std::fs::set_permissions(&empty, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(fault(&dir.join("none"), &files.key).contains("http.tls_certificate"));
    assert!(fault(&empty, &files.key).contains("no certificate"));
    assert!(fault(&files.certificate, &dir.join("none")).contains("http.tls_key"));
    assert!(fault(&files.certificate, &empty).contains("http.tls_key"));
    assert!(fault(&files.certificate, &other.key).contains("made together"));
    std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o604)).unwrap();
    assert!(fault(&files.certificate, &files.key).contains("chmod"));
}
