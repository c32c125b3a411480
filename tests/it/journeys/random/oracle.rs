//! What the contract says that a request is answered. It knows nothing of rows, digests and versions.

use super::{By, DAY, Which};

/// Seconds within which a repeated refresh gets the identical answer.
const WINDOW: i64 = 10;
const ACCESS_LIFE: i64 = 300;
const CODE_LIFE: i64 = 60;
const IDLE_LIFE: i64 = 30 * DAY;
const ABSOLUTE_LIFE: i64 = 90 * DAY;
const SESSION_LIFE: i64 = 30 * DAY;

/// What a token request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Tokens, and the refresh token is a new one.
    New,
    /// Tokens, and the refresh token is the one of that number.
    Same(usize),
    /// A refusal with that id.
    Refused(&'static str),
}

/// A sign-in at a browser.
#[derive(Clone, Debug)]
pub(super) struct Session {
    over: i64,
    /// When Ada was last seen there.
    pub(super) seen: i64,
    pub(super) is_ended: bool,
}

impl Session {
    pub(super) fn new(now: i64) -> Self {
        Self {
            over: now + SESSION_LIFE,
            seen: now,
            is_ended: false,
        }
    }
}

/// A code and everything that came of it.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) code: String,
    pub(super) session: usize,
    offline: bool,
    code_end: i64,
    code_is_gone: bool,
    pub(super) family: Option<Family>,
}

/// What redeeming a code made.
#[derive(Debug)]
pub(super) struct Family {
    /// All refresh tokens, in the order in which they were minted.
    pub(super) refresh: Vec<String>,
    pub(super) access: Vec<Access>,
    pub(super) is_ended: bool,
    /// So many times the row was written.
    pub(super) changes: i64,
    current: usize,
    pending: Option<(usize, i64)>,
    former: Vec<usize>,
    idle_end: i64,
    absolute_end: i64,
}

/// An access token.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) text: String,
    came_with: usize,
    end: i64,
    is_revoked: bool,
}

impl SignIn {
    pub(super) fn new(code: String, session: usize, offline: bool, now: i64) -> Self {
        Self {
            code,
            session,
            offline,
            code_end: now + CODE_LIFE,
            code_is_gone: false,
            family: None,
        }
    }

    /// RFC 6749 §4.1.2: a code works once, and whoever comes with it again takes along what it gave.
    pub(super) fn redeem(&mut self, by: By, now: i64) -> Expected {
        if by == By::Other || self.code_is_gone {
            return Expected::Refused("E1310");
        }
        match &mut self.family {
            Some(family) => {
                family.is_ended = true;
                Expected::Refused("E1312")
            }
            None if now >= self.code_end => Expected::Refused("E1311"),
            None => Expected::New,
        }
    }

    pub(super) fn redeemed(&mut self, refresh: String, access: String, now: i64) {
        self.family = Some(Family {
            refresh: vec![refresh],
            access: vec![Access::new(access, 0, now)],
            is_ended: false,
            changes: 0,
            current: 0,
            pending: None,
            former: Vec::new(),
            idle_end: now + IDLE_LIFE,
            absolute_end: now + ABSOLUTE_LIFE,
        });
    }

    /// Ada signs out: unused codes are gone, and what may not outlive the session ends.
    pub(super) fn sign_out(&mut self) {
        match &mut self.family {
            None => self.code_is_gone = true,
            Some(family) => family.is_ended |= !self.offline,
        }
    }

    /// Presents a refresh token; `wider` asks for more than was granted.
    pub(super) fn refresh(
        &mut self,
        place: usize,
        (by, wider): (By, bool),
        session: &Session,
        now: i64,
    ) -> Expected {
        let session_is_over = !self.offline && now >= session.over;
        let Some(family) = &mut self.family else {
            panic!("only a redeemed code has refresh tokens");
        };
        if by == By::Other {
            return Expected::Refused("E1321");
        }
        if family.is_ended {
            return Expected::Refused("E1323");
        }
        if now >= family.absolute_end || now >= family.idle_end {
            return Expected::Refused("E1322");
        }
        let is_pending = family.is_pending(place);
        if family.current != place && !is_pending {
            family.is_ended = true;
            return Expected::Refused("E1324");
        }
        if wider {
            return Expected::Refused("E1325");
        }
        if session_is_over {
            return Expected::Refused("E1322");
        }
        family.idle_end = now + IDLE_LIFE;
        family.changes += 1;
        if is_pending {
            family.promote();
            return Expected::New;
        }
        match family.pending {
            Some((successor, minted_at)) if now - minted_at < WINDOW => Expected::Same(successor),
            Some(_) | None => Expected::New,
        }
    }

    /// Whether introspection tells the client that a refresh token is good.
    pub(super) fn is_good(&self, place: usize, by: By, session: &Session, now: i64) -> bool {
        let Some(family) = &self.family else {
            return false;
        };
        let lives = !family.is_ended && now < family.absolute_end && now < family.idle_end;
        let session_lives = self.offline || now < session.over;
        let is_known = family.current == place || family.is_pending(place);
        by == By::Own && lives && session_lives && is_known
    }
}

impl Family {
    fn is_pending(&self, place: usize) -> bool {
        self.pending.is_some_and(|(pending, _)| pending == place)
    }

    fn promote(&mut self) {
        let (pending, _) = self.pending.take().unwrap();
        self.former.push(self.current);
        self.current = pending;
    }

    /// A new pair of tokens was answered.
    pub(super) fn minted(&mut self, refresh: String, access: String, now: i64) {
        self.refresh.push(refresh);
        let place = self.refresh.len() - 1;
        self.pending = Some((place, now));
        self.access.push(Access::new(access, place, now));
    }

    /// The same refresh token was answered, with an access token of its own.
    pub(super) fn repeated(&mut self, place: usize, access: String, now: i64) {
        self.access.push(Access::new(access, place, now));
    }

    /// Whether an access token is good; if it came with the pending refresh token, that is the current one now.
    pub(super) fn show(&mut self, number: usize, now: i64) -> bool {
        let access = &self.access[number];
        let lives = !self.is_ended && now < self.absolute_end;
        if !lives || access.is_revoked || now >= access.end {
            return false;
        }
        if self.is_pending(access.came_with) {
            self.changes += 1;
            self.promote();
            return true;
        }
        let remembered = self.former.iter().rev().take(8);
        self.current == access.came_with || remembered.into_iter().any(|it| *it == access.came_with)
    }

    /// The client revokes one access token; true if that has to be remembered.
    pub(super) fn revoke_access(&mut self, number: usize, now: i64) -> bool {
        let access = &mut self.access[number];
        let is_news = !access.is_revoked && now < access.end;
        access.is_revoked |= is_news;
        is_news
    }

    pub(super) fn has_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The token of that kind, or the newest.
    pub(super) fn pick(&self, which: Which) -> usize {
        let newest = self.refresh.len() - 1;
        let picked = match which {
            Which::Current => Some(self.current),
            Which::Pending => self.pending.map(|(pending, _)| pending),
            Which::Older => self.former.last().copied(),
            Which::Replaced => (0..newest).rev().find(|place| {
                *place != self.current && !self.former.contains(place) && !self.is_pending(*place)
            }),
        };
        picked.unwrap_or(newest)
    }
}

impl Access {
    fn new(text: String, came_with: usize, now: i64) -> Self {
        Self {
            text,
            came_with,
            end: now + ACCESS_LIFE,
            is_revoked: false,
        }
    }
}
