//! Why a hub was not reached, and what to do: nobody there is one thing, somebody else there is another.

use crate::fault::Fault;
use reqwest::Url;
use rustls::{AlertDescription, CertificateError, Error as Tls};
use std::error::Error;
use std::io;
use std::path::Path;

/// What stands at the other end, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cause {
    /// No process listens there.
    Nobody,
    /// No answer in time.
    Silent,
    /// A hub that this identity does not know, or no hub at all.
    Stranger(String),
    /// The certificate is a hub's, and not of this time.
    Untimely(String),
    /// It speaks something else.
    NoTls,
    /// It hung up without a word.
    HungUp,
    /// A hub that does not want this identity there.
    Unwanted(String),
    /// Anything else, in the system's words.
    Other(String),
}

/// The fault that `error` is, for a hub at `url` and the identity in `folder`.
pub(super) fn fault(error: &reqwest::Error, url: &Url, folder: &Path) -> Fault {
    let cause = if error.is_timeout() { Cause::Silent } else { cause(error) };
    told(&cause, url, folder)
}

fn told(cause: &Cause, url: &Url, folder: &Path) -> Fault {
    let folder = folder.display();
    let absent = |why: &str| Fault::Absent(format!("the hub at {url} does not answer: {why}"));
    match cause {
        Cause::Nobody => absent("nothing listens there; check that it runs, and the address"),
        Cause::Silent => absent("it is too slow, or nothing comes through to it; check the address and the network"),
        Cause::Other(why) => absent(&format!("{why}; check that it runs, and the address")),
        Cause::Stranger(why) => Fault::Absent(format!(
            "what answers at {url} is not the hub of the identity in `{folder}` ({why}); check the address, and that \
             --identity belongs to it"
        )),
        Cause::Untimely(why) => Fault::Absent(format!(
            "the certificate of the hub at {url} is not valid now ({why}); check the clocks of both machines"
        )),
        Cause::NoTls => Fault::Absent(format!(
            "what listens at {url} is no hub: it does not speak TLS 1.3; check the port of its listener for people"
        )),
        Cause::HungUp => Fault::Absent(format!(
            "what listens at {url} hung up without a word; check the port of its listener for people, or try again"
        )),
        Cause::Unwanted(why) => Fault::Refused(format!(
            "the hub at {url} does not let the identity in `{folder}` in ({why}); check the port of its listener for \
             people, and that the certificate is a person's"
        )),
    }
}

/// Of an error and all that it came from, the innermost that tells something.
fn cause(error: &(dyn Error + 'static)) -> Cause {
    let (mut told, mut next) = (Cause::Other(error.to_string()), Some(error));
    while let Some(error) = next {
        told = one(error);
        next = inner(error);
    }
    told
}

/// An I/O error passes over what it wraps when it is asked for its source.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn one(error: &(dyn Error + 'static)) -> Cause {
    if let Some(tls) = error.downcast_ref::<Tls>() {
        return of_tls(tls);
    }
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Cause::Nobody,
        Some(io::ErrorKind::TimedOut) => Cause::Silent,
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            Cause::HungUp
        }
        _ => of_text(&error.to_string()),
    }
}

fn of_tls(error: &Tls) -> Cause {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    match error {
        Tls::InvalidCertificate(why @ (Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })) => {
            Cause::Untimely(why.to_string())
        }
        Tls::InvalidCertificate(why) => Cause::Stranger(why.to_string()),
        Tls::AlertReceived(alert) if is_about_us(*alert) => Cause::Unwanted(error.to_string()),
        Tls::InvalidMessage(_) | Tls::PeerIncompatible(_) | Tls::PeerMisbehaved(_) | Tls::AlertReceived(_) => {
            Cause::NoTls
        }
        other => Cause::Other(other.to_string()),
    }
}

/// Alerts by which a server refuses a client's certificate.
const ABOUT_US: [AlertDescription; 8] = [
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
    AlertDescription::CertificateRequired,
];

fn is_about_us(alert: AlertDescription) -> bool {
    ABOUT_US.contains(&alert)
}

/// A refusal of the client's certificate comes once the handshake is over, and HTTP/2 passes on no more than its text.
fn of_text(text: &str) -> Cause {
    let refused = ABOUT_US.iter().any(|alert| text.contains(&Tls::AlertReceived(*alert).to_string()));
    if refused { Cause::Unwanted(text.to_owned()) } else { Cause::Other(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_at_the_other_end_is_told_apart() {
        let wrapped = |tls: Tls| cause(&io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls)));
        let stranger = wrapped(Tls::InvalidCertificate(CertificateError::UnknownIssuer));
        assert_eq!(stranger, Cause::Stranger("UnknownIssuer".to_owned()));
        assert!(matches!(wrapped(Tls::InvalidCertificate(CertificateError::Expired)), Cause::Untimely(_)));
        assert_eq!(wrapped(Tls::InvalidMessage(rustls::InvalidMessage::InvalidContentType)), Cause::NoTls);
        assert!(matches!(wrapped(Tls::AlertReceived(AlertDescription::AccessDenied)), Cause::Unwanted(_)));
        assert_eq!(cause(&io::Error::from(io::ErrorKind::ConnectionRefused)), Cause::Nobody);
        let text = Tls::AlertReceived(AlertDescription::UnknownCA).to_string();
        assert!(matches!(cause(&io::Error::other(format!("http2 error: {text}"))), Cause::Unwanted(_)));
    }
}
