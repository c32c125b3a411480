//! Who acts for whom (RFC 8693 §4.1, §4.4).

use serde::{Deserialize, Serialize};

/// A party that acts, and whoever acted before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Its identifier: a client or a user.
    pub sub: String,
    /// Who acted before; the newest is outermost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// Acts now, after those.
    pub fn after(sub: String, before: Option<Self>) -> Self {
        Self {
            sub,
            act: before.map(Box::new),
        }
    }

    /// How many acted, itself included.
    pub fn depth(&self) -> usize {
        let mut depth = 1;
        let mut before = &self.act;
        while let Some(actor) = before {
            depth += 1;
            before = &actor.act;
        }
        depth
    }
}
