//! How long refresh tokens live and how they rotate: the server's settings, what a client has otherwise, and the one
//! place where both become the policy of a refresh.
//!
//! What a mode does to a token family is decided in [`crate::protocol::tokens::family`].

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocol::client::{Client, UnknownName};
use crate::protocol::context::Policy;

/// What a refresh does to the refresh token (RFC 6749 §6, RFC 9700 §4.14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshRotation {
    /// A successor replaces its predecessor once it was used: a lost response costs nothing, and theft is noticed once
    /// both sides have used what they hold.
    Tolerant,
    /// One-time use, as RFC 9700 §4.14.2 describes it: a successor replaces its predecessor when it is minted. A lost
    /// response ends the sign-in, and so does a request that was sent twice.
    Strict,
    /// The token stays the same, as FAPI 2.0 Security Profile §5.3.2.1 asks. Only for clients that authenticate
    /// (RFC 9700 §2.2.2): nothing else would tell a thief from the client.
    None,
    /// The token stays the same until less than 30 % of its life is left, and rotates as with [`Self::Tolerant`] then. Only
    /// for clients that authenticate, as with [`Self::None`].
    NearEnd,
}

impl RefreshRotation {
    /// Whether tokens stay the same when they are used.
    pub fn keeps_tokens(self) -> bool {
        match self {
            Self::None | Self::NearEnd => true,
            Self::Tolerant | Self::Strict => false,
        }
    }

    /// All modes, in the order in which help lists them.
    pub const ALL: [Self; 4] = [Self::Tolerant, Self::Strict, Self::None, Self::NearEnd];

    /// The name under which it is set and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tolerant => "tolerant",
            Self::Strict => "strict",
            Self::None => "none",
            Self::NearEnd => "near_end",
        }
    }
}

impl FromStr for RefreshRotation {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|rotation| rotation.as_str() == text)
            .ok_or(UnknownName)
    }
}

/// What a client has otherwise than the server; `None`: as the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefreshOverrides {
    /// What a refresh does to the refresh token.
    pub rotation: Option<RefreshRotation>,
    /// Within so many seconds a repeated refresh gets the identical answer; 0 turns it off.
    pub retry_window: Option<i64>,
    /// A family dies when it was not used for so many seconds.
    pub idle_lifetime: Option<i64>,
    /// A family dies at this age, in seconds. Fixed for a family when it begins.
    pub absolute_lifetime: Option<i64>,
}

/// What holds for the refresh tokens of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// What a refresh does to the refresh token.
    pub rotation: RefreshRotation,
    /// Within so many seconds a repeated refresh gets the identical answer; 0 turns it off. Of no meaning but for
    /// [`RefreshRotation::Tolerant`].
    pub retry_window: i64,
    /// A family dies when it was not used for so many seconds; never more than `absolute_lifetime`.
    pub idle_lifetime: i64,
    /// A family dies at this age, in seconds.
    pub absolute_lifetime: i64,
}

impl Policy {
    /// What holds for the refresh tokens of this client: its own values, and the server's where it has none.
    pub fn refresh_for(&self, client: &Client) -> RefreshPolicy {
        let own = &client.refresh;
        let absolute_lifetime = own
            .absolute_lifetime
            .unwrap_or(self.refresh_absolute_lifetime);
        let idle_lifetime = own.idle_lifetime.unwrap_or(if client.is_agent() {
            self.agents.refresh_token_lifetime
        } else {
            self.refresh_idle_lifetime
        });
        let rotation = match own.rotation {
            // Registration refuses it. Whatever made such a client, RFC 9700 §2.2.2 demands that its tokens rotate.
            Some(rotation) if rotation.keeps_tokens() && client.is_public() => {
                self.refresh_rotation
            }
            Some(rotation) => rotation,
            None => self.refresh_rotation,
        };
        RefreshPolicy {
            rotation,
            retry_window: own.retry_window.unwrap_or(self.retry_window),
            // One of the two may be the server's and the other one the client's: the smaller wins.
            idle_lifetime: idle_lifetime.min(absolute_lifetime),
            absolute_lifetime,
        }
    }
}
