//! `Tls`: the web address's certificate and key, read from files (PEM, RFC 7468) and again when they change; and one made
//! here for the local network, since browsers give a microphone to secure pages alone.
use crate::atomic_file::{self, Access};
use crate::config::Config;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use std::fmt::Display;
use std::fs::Metadata;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How long a certificate made here is good for: browsers take none that lasts longer than 398 days.
const DAYS: i64 = 390;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(
        "http.tls_certificate {file} cannot be used ({why}): it holds the certificate and its chain, PEM, leaf first"
    )]
    Certificate { file: PathBuf, why: String },
    #[error("http.tls_key {file} cannot be used ({why}): it holds the certificate's private key, PEM, not encrypted")]
    Key { file: PathBuf, why: String },
    #[error("everybody on this machine can read http.tls_key {file}: run `chmod o= {file}`", file = .0.display())]
    Open(PathBuf),
    #[error("http.tls_key is not the key of http.tls_certificate: name a pair that was made together")]
    Mismatch,
    #[error(
        "no certificate for the local network can be kept in {dir} ({why}): set http.tls_certificate and http.tls_key"
    )]
    Local { dir: PathBuf, why: String },
}

/// Where certificate and key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Cheap to clone: all share the certificate that is in force.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificates: Arc<Certificates>,
}

#[derive(Debug)]
struct Certificates {
    files: Files,
    /// Taken for the time of a copy, by handshakes.
    present: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.present.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What tells one version of the files from the next.
type Stamp = [Option<(u64, i64, i64, u64)>; 2];

impl Files {
    /// Where the web address's certificate and key lie, if it has any.
    pub fn of(config: &Config) -> Option<Self> {
        config.http.tls().map(|(certificate, key)| Self { certificate, key })
    }

    fn read(&self) -> Result<CertifiedKey, Fault> {
        let bad = |why: &dyn Display| Fault::Certificate { file: self.certificate.clone(), why: why.to_string() };
        let chain = CertificateDer::pem_file_iter(&self.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|why| bad(&why))?;
        if chain.is_empty() {
            return Err(bad(&"there is no certificate in it"));
        }
        let unusable = |why: &dyn Display| Fault::Key { file: self.key.clone(), why: why.to_string() };
        let about = std::fs::metadata(&self.key).map_err(|why| unusable(&why))?;
        if about.permissions().mode() & 0o007 != 0 {
            return Err(Fault::Open(self.key.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|why| unusable(&why))?;
        let key = ring::sign::any_supported_type(&key).map_err(|why| unusable(&why))?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            // A key of a kind that cannot tell its public half is believed.
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
            Err(rustls::Error::InconsistentKeys(_)) => Err(Fault::Mismatch),
            Err(why) => Err(bad(&why)),
        }
    }

    fn stamp(&self) -> Stamp {
        let of = |about: Metadata| (about.ino(), about.mtime(), about.mtime_nsec(), about.len());
        [&self.certificate, &self.key].map(|file| std::fs::metadata(file).ok().map(of))
    }
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`Fault`], if they cannot be used.
    pub fn load(files: Files) -> Result<Self, Fault> {
        let certificates = Arc::new(Certificates { present: RwLock::new(Arc::new(files.read()?)), files });
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        // ring speaks both versions.
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|why| Fault::Certificate { file: certificates.files.certificate.clone(), why: why.to_string() })?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(certificates.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: Arc::new(config).into(), certificates })
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Takes up new files as they come, for ever. What cannot be used is said once, and the old certificate stays.
    pub async fn follow(self) {
        self.follow_every(LOOK).await;
    }

    async fn follow_every(self, look: Duration) {
        let files = &self.certificates.files;
        let mut known = files.stamp();
        loop {
            tokio::time::sleep(look).await;
            let stamp = files.stamp();
            if stamp == known {
                continue;
            }
            known = stamp;
            match files.read() {
                Ok(pair) => {
                    *self.certificates.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                    tracing::info!("the web address has a new certificate");
                }
                Err(why) => tracing::error!(%why, "the web address keeps its old certificate"),
            }
        }
    }

    /// The certificate's SHA-256 fingerprint, as browsers show it.
    pub fn fingerprint(&self) -> String {
        let pair = self.certificates.present.read().unwrap_or_else(PoisonError::into_inner).clone();
        let leaf = pair.cert.first().map_or(&[][..], |leaf| leaf.as_ref());
        let digest = ::ring::digest::digest(&::ring::digest::SHA256, leaf);
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }
}

/// A self-signed certificate for this machine's address in the local network; made once and
/// kept in `dir`, so that visitors accept it once.
///
/// # Errors
/// [`Fault::Local`], if it cannot be made or written.
pub fn local(dir: &Path, address: IpAddr) -> Result<Files, Fault> {
    let fault = |why: &dyn Display| Fault::Local { dir: dir.to_owned(), why: why.to_string() };
    let file = |end: &str| dir.join(format!("lan-{}.{end}", address.to_string().replace(':', "-")));
    let files = Files { certificate: file("crt"), key: file("key") };
    let made = std::fs::metadata(&files.certificate).and_then(|about| about.modified());
    let young = made.is_ok_and(|at| at.elapsed().is_ok_and(|age| age.as_secs() < (DAYS as u64 - 10) * 86_400));
    if young && files.read().is_ok() {
        return Ok(files);
    }
    let names = vec![address.to_string(), "localhost".into(), "127.0.0.1".into()];
    let mut parameters = rcgen::CertificateParams::new(names).map_err(|why| fault(&why))?;
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Switchboard on the local network");
    let day = |offset: i64| {
        let date =
            (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * offset)).to_zoned(jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (parameters.not_before, parameters.not_after) = (day(-1), day(DAYS));
    let key = rcgen::KeyPair::generate().map_err(|why| fault(&why))?;
    let certificate = parameters.self_signed(&key).map_err(|why| fault(&why))?;
    let write = |file: &Path, text: String, mode: u32| atomic_file::replace(file, text.as_bytes(), Access::Mode(mode));
    crate::store::folder(dir)
        .and_then(|()| write(&files.key, key.serialize_pem(), 0o600))
        .and_then(|()| write(&files.certificate, certificate.pem(), 0o644))
        .map_err(|why| fault(&why))?;
    Ok(files)
}

#[cfg(test)]
mod tests;
