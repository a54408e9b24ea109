//! Join tokens: 256 random bits, single use, stored only as their digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::digest::Digest;
use rand::CryptoRng;
use std::fmt;
use std::str::FromStr;
use zeroize::{Zeroize as _, Zeroizing};

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a join token")]
pub struct NotAToken;

/// A join token in the clear: only in the join string and in the `Join` call.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken([u8; 32]);

impl JoinToken {
    /// A new one.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// As it is printed: base64url.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What a hub stores, and looks for when the token is redeemed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl FromStr for JoinToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        // 32 bytes are 43 characters; anything else is refused before it is decoded.
        if text.len() != 43 {
            return Err(NotAToken);
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken)?);
        <[u8; 32]>::try_from(bytes.as_slice()).map(Self).map_err(|_| NotAToken)
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(…)")
    }
}

impl Drop for JoinToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_hides_in_debug() {
        let token = JoinToken::generate(&mut rand::rng());
        assert_eq!(token.reveal().parse::<JoinToken>().unwrap(), token);
        assert!(!format!("{token:?}").contains(token.reveal().as_str()));
        for bad in ["", "abc", &"a".repeat(44), &"*".repeat(43)] {
            assert_eq!(bad.parse::<JoinToken>(), Err(NotAToken), "{bad}");
        }
    }
}
