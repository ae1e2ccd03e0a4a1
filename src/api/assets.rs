//! The files that browsers load: the demo page and the widget. They are part of the binary, public, and hold no secret.
use axum::Router;
use axum::body::Bytes;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// What the demo page may do: load from here, talk to here, use the microphone, and be in no other page's frame.
const PAGE: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For whom an asset is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Any page may load it.
    AnySite,
    /// Pages of this server alone.
    OwnPages,
}

impl Audience {
    /// When it is asked for again; then a matching ETag saves the transfer. What is made of several files is always asked for, so
    /// that files of two versions never meet.
    const fn cache(self) -> &'static str {
        match self {
            Self::AnySite => "public, max-age=300",
            Self::OwnPages => "no-cache",
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Asset {
    pub(super) path: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
    /// What many visitors of many sites load comes without comments.
    pub(super) lean: bool,
    pub(super) audience: Audience,
}

macro_rules! file {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $file))
    };
}

/// The widget is one script of several files, in the order of `web/widget/build.mjs`.
const WIDGET: &str = concat!(
    "(() => {\n\"use strict\";\n",
    file!("widget/words.js"),
    file!("widget/ask.js"),
    file!("widget/ice.js"),
    file!("widget/session.js"),
    file!("widget/sound.js"),
    file!("widget/call.js"),
    file!("widget/parts.js"),
    file!("widget/layout.js"),
    file!("widget/meter.js"),
    file!("widget/log.js"),
    file!("widget/labels.js"),
    file!("widget/panel.js"),
    file!("widget/face.js"),
    file!("widget/embed.js"),
    "})();\n"
);

pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(super) const STYLE: &str = "text/css; charset=utf-8";

pub(super) const HTML: &str = "text/html; charset=utf-8";

const ASSETS: [Asset; 6] = [
    Asset { path: "/", kind: HTML, text: file!("demo/index.html"), lean: false, audience: Audience::AnySite },
    Asset { path: "/demo.js", kind: SCRIPT, text: file!("demo/demo.js"), lean: false, audience: Audience::AnySite },
    Asset { path: "/demo.css", kind: STYLE, text: file!("demo/demo.css"), lean: false, audience: Audience::AnySite },
    Asset {
        path: "/favicon.svg",
        kind: "image/svg+xml",
        text: file!("demo/favicon.svg"),
        lean: false,
        audience: Audience::AnySite,
    },
    Asset { path: "/widget.js", kind: SCRIPT, text: WIDGET, lean: true, audience: Audience::AnySite },
    Asset {
        path: "/widget.css",
        kind: STYLE,
        text: file!("widget/widget.css"),
        lean: true,
        audience: Audience::AnySite,
    },
];

impl Asset {
    fn text(&self) -> String {
        if self.lean { lean(self.text) } else { self.text.to_owned() }
    }
}

/// Leaves out comments that have their lines to themselves, empty lines, what lines are indented by, and the ends of lines that go on
/// in the next.
fn lean(text: &str) -> String {
    let (mut out, mut comment) = (String::new(), false);
    for line in text.lines().map(str::trim_start) {
        comment = comment || line.starts_with("/*");
        if !comment && !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            // "//" may begin a comment, which ends with its line.
            if line.contains("//") || !line.ends_with(['{', '(', ',', ';']) {
                out.push('\n');
            }
        }
        comment = comment && !line.ends_with("*/");
    }
    out
}

/// An asset as it is sent.
#[derive(Clone)]
struct Ready {
    headers: HeaderMap,
    plain: Bytes,
    packed: Bytes,
}

/// The routes of all assets. Nobody is asked for a token here.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    routes_of(&ASSETS)
}

pub(super) fn routes_of<S: Clone + Send + Sync + 'static>(assets: &[Asset]) -> Router<S> {
    assets.iter().fold(Router::new(), |router, asset| {
        let ready = Ready::new(asset);
        router.route(asset.path, get(async move |asked: HeaderMap| ready.answer(&asked)))
    })
}

impl Ready {
    fn new(asset: &Asset) -> Self {
        let text = asset.text();
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let tag: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        // Neither can fail in memory.
        let packed = packer.write_all(text.as_bytes()).and_then(|()| packer.finish()).unwrap_or_default();
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        };
        set(header::CONTENT_TYPE, asset.kind);
        set(header::CACHE_CONTROL, asset.audience.cache());
        set(header::VARY, "Accept-Encoding");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::ETAG, &format!("\"{tag}\""));
        if asset.kind.starts_with("text/html") {
            set(header::CONTENT_SECURITY_POLICY, PAGE);
            set(header::REFERRER_POLICY, "no-referrer");
            set(HeaderName::from_static("permissions-policy"), "microphone=(self), camera=(), geolocation=()");
        } else if asset.audience == Audience::AnySite {
            // Any page may load the widget; whether it may call is asked when it calls.
            set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
        }
        Self { headers, plain: text.into(), packed: packed.into() }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let names = |name: HeaderName, wanted: &str| {
            let values = asked.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values
                .flat_map(|value| value.split(','))
                .any(|value| value.split(';').next().is_some_and(|v| v.trim() == wanted))
        };
        let mut headers = self.headers.clone();
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
        if names(header::IF_NONE_MATCH, tag) || names(header::IF_NONE_MATCH, &format!("W/{tag}")) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        if names(header::ACCEPT_ENCODING, "gzip") && !self.packed.is_empty() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return (headers, self.packed.clone()).into_response();
        }
        (headers, self.plain.clone()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::serve::{Web, WebPlan};
    use flate2::read::GzDecoder;
    use std::io::Read;

    /// What a site's visitors load before they can call, packed.
    const WEIGHT: usize = 25_000;

    async fn open() -> Web {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Web::open("127.0.0.1:0".parse().unwrap(), routes(), WebPlan::default(), None).await.unwrap()
    }

    async fn ask(web: &Web, path: &str, name: HeaderName, value: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = reqwest::Client::new().get(format!("http://{}{path}", web.address())).header(name, value);
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn every_asset_comes_plain_or_packed_and_not_again_when_it_is_known() {
        let web = open().await;
        for asset in &ASSETS {
            let (status, headers, plain) = ask(&web, asset.path, header::ACCEPT, "*/*").await;
            assert_eq!((status, headers[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, asset.kind));
            assert_eq!(plain, asset.text().as_bytes());
            let (_, packed, body) = ask(&web, asset.path, header::ACCEPT_ENCODING, "br, gzip;q=0.8").await;
            let mut text = String::new();
            assert_eq!(packed[header::CONTENT_ENCODING], "gzip");
            GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, asset.text());
            let tag = headers[header::ETAG].to_str().unwrap();
            for known in [tag.to_owned(), format!("\"other\", W/{tag}")] {
                let (status, _, body) = ask(&web, asset.path, header::IF_NONE_MATCH, &known).await;
                assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
            }
        }
    }

    #[tokio::test]
    async fn the_page_is_closed_to_strangers_and_the_widget_is_open_to_all_pages() {
        let web = open().await;
        let (_, page, _) = ask(&web, "/", header::ACCEPT, "*/*").await;
        assert!(page[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("frame-ancestors 'none'"));
        assert!(!page.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        let (_, widget, _) = ask(&web, "/widget.js", header::ACCEPT, "*/*").await;
        assert_eq!(widget[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!ASSETS[0].text.contains("<script>") && !ASSETS[0].text.contains("style="), "its policy forbids both");
    }

    #[test]
    fn comments_stay_at_home() {
        let text = "// What it is.\n(() => {\n  /** One. */\n  one(); // stays\n\n  /*\n   * Two.\n   */\n  * { color: red }\n})();\n";
        assert_eq!(lean(text), "(() => {one(); // stays\n* { color: red }\n})();");
        // A text over several lines would lose its indentation and its ends of lines.
        assert!(WIDGET.lines().all(|line| line.matches('`').count() % 2 == 0), "no template of several lines");
    }

    #[test]
    fn the_widget_is_small() {
        let packed = |path| Ready::new(ASSETS.iter().find(|asset| asset.path == path).unwrap()).packed.len();
        let (script, style) = (packed("/widget.js"), packed("/widget.css"));
        assert!(script + style < WEIGHT, "{script} + {style} bytes");
    }
}
