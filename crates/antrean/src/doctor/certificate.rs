//! The certificate that a server shows: checked as any client checks it, and asked how long it will go on being good.
//!
//! No field of it is parsed here: the same check is asked again with later and later clocks, and the day on which it begins to
//! refuse is the last day. So the answer holds for the whole chain.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// No certificate of a public authority lives longer, by far.
const DAYS_MAX: u64 = 4_000;
const DAY_S: u64 = 86_400;

/// What was seen of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Good, and for so many whole days more.
    Good(u64),
    /// Refused, for a reason in words.
    Refused(&'static str),
}

/// Checks certificates as the platform does, and remembers what it saw last.
#[derive(Debug)]
pub struct Watch {
    inner: Verifier,
    seen: Mutex<Option<Seen>>,
}

impl Watch {
    /// With the authorities that this system trusts. An error says that there are none.
    pub fn new(provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        Ok(Self { inner: Verifier::new(provider)?, seen: Mutex::new(None) })
    }

    /// What was seen last, and forgets it.
    pub fn take(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The whole days for which `good_after` goes on saying yes, at most [`DAYS_MAX`]; it must say yes today.
fn days_left(good_after: impl Fn(u64) -> bool) -> u64 {
    let (mut good, mut bad) = (0, DAYS_MAX + 1);
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if good_after(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}

fn reason(error: &Error) -> &'static str {
    let Error::InvalidCertificate(error) = error else { return "it cannot be checked" };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or the clock of this machine is wrong"
        }
        CertificateError::UnknownIssuer => {
            "no authority that this system trusts stands behind it, or the chain is not sent whole"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "it is for another name",
        CertificateError::Revoked => "it was revoked",
        _ => "it cannot be checked",
    }
}

impl ServerCertVerifier for Watch {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |days: u64| {
            let then = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs() + days * DAY_S));
            self.inner.verify_server_cert(end, between, name, ocsp, then)
        };
        let today = at(0);
        let seen = match &today {
            Ok(_) => Seen::Good(days_left(|days| at(days).is_ok())),
            Err(error) => Seen::Refused(reason(error)),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        today
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        end: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, end, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        end: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, end, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_good_day_is_found() {
        for last in [0, 1, 13, 89, 397, DAYS_MAX] {
            assert_eq!(days_left(|day| day <= last), last);
        }
        assert_eq!(days_left(|_| true), DAYS_MAX);
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        assert_eq!(reason(&Error::InvalidCertificate(CertificateError::Expired)), "it has expired");
        assert_eq!(reason(&Error::DecryptError), "it cannot be checked");
    }
}
