//! The signature of a body: HMAC-SHA1, in hexadecimal, after `sha1=`.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature";

/// The algorithm's name in the header, with its separator.
const SCHEME: &str = "sha1=";

/// The length of a SHA-1 digest.
const DIGEST_BYTES: usize = 20;

/// Why a signature header proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not there.
    #[error("the signature is missing")]
    Missing,
    /// The header names another algorithm than SHA-1.
    #[error("the signature uses another algorithm than sha1")]
    Algorithm,
    /// The header is not `sha1=` with 40 hexadecimal digits.
    #[error("the signature is malformed")]
    Malformed,
    /// No secret makes this signature of this body.
    #[error("the signature does not belong to the body")]
    Wrong,
}

/// The value of the signature header for a body: what a sender writes, for tests and simulators.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    format!("{SCHEME}{}", hex::encode(keyed(secret, body).finalize().into_bytes()))
}

/// Checks a header against a body and every secret.
///
/// Digests are compared in constant time, and all secrets are tried whichever fits.
pub(crate) fn verify(
    secrets: &[SecretString],
    header: Option<&[u8]>,
    body: &[u8],
) -> Result<(), SignatureError> {
    let digest = read(header.ok_or(SignatureError::Missing)?)?;
    let n_fitting = secrets
        .iter()
        .map(|secret| keyed(secret, body).verify_slice(&digest))
        .fold(0_usize, |n_fitting, verdict| n_fitting + usize::from(verdict.is_ok()));
    if n_fitting > 0 { Ok(()) } else { Err(SignatureError::Wrong) }
}

fn read(header: &[u8]) -> Result<[u8; DIGEST_BYTES], SignatureError> {
    let header = header.trim_ascii();
    if header.is_empty() {
        return Err(SignatureError::Missing);
    }
    let Some((scheme, digits)) = header.split_at_checked(SCHEME.len()) else {
        return Err(SignatureError::Malformed);
    };
    if !scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) {
        return Err(if header.contains(&b'=') {
            SignatureError::Algorithm
        } else {
            SignatureError::Malformed
        });
    }
    let mut digest = [0; DIGEST_BYTES];
    hex::decode_to_slice(digits, &mut digest).map_err(|_| SignatureError::Malformed)?;
    Ok(digest)
}

fn keyed(secret: &SecretString, body: &[u8]) -> Hmac<Sha1> {
    let secret = secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("a key of any length is taken");
    mac.update(body);
    mac
}
