//! Walks a sequence, and compares every answer with what the oracle said before.

use std::sync::Arc;

use actix_web::test::TestRequest;
use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::key_set::{KeySet, KeyState};
use issuant::crypto::signing_key::SigningKey;
use issuant::http::snapshot::Snapshot;
use issuant::protocol::context::Policy;

use super::oracle::{Expected, Session, SignIn};
use super::{By, DAY, Step};
use crate::support::cast;
use crate::support::op::{Browser, Reply, TestOp, WEB, refreshing};

struct Walk<'a> {
    op: &'a TestOp,
    browser: Browser<'a>,
    sessions: Vec<Session>,
    sign_ins: Vec<SignIn>,
    /// The newest first.
    keys: Vec<Arc<SigningKey>>,
    revoked_tokens: i64,
}

/// Walks the steps, then tries everything that came of ended families, and compares what is remembered.
pub(super) async fn walk(op: &TestOp, steps: &[(i64, Step)]) {
    let before = op.database.remembered();
    let keys = vec![cast::new_key(Algorithm::Es256)];
    let mut walk = Walk {
        op,
        browser: op.browser(),
        sessions: Vec::new(),
        sign_ins: Vec::new(),
        keys,
        revoked_tokens: 0,
    };
    walk.publish();
    for (pause, step) in steps {
        op.pass(*pause);
        walk.take(*step).await;
    }
    walk.try_ended_families().await;
    walk.compare(&before);
}

impl Walk<'_> {
    async fn take(&mut self, step: Step) {
        match step {
            Step::Authorize { offline } => self.authorize(offline).await,
            Step::Redeem(number, by) => self.redeem(number % self.sign_ins.len(), by).await,
            Step::Refresh(number, which, by) => {
                if let Some((sign_in, place)) = self.refresh_token(number, which) {
                    self.refresh(sign_in, place, by, false).await;
                }
            }
            Step::RefreshWider(number, which) => {
                if let Some((sign_in, place)) = self.refresh_token(number, which) {
                    self.refresh(sign_in, place, By::Own, true).await;
                }
            }
            Step::Revoke(number, which, by) => {
                if let Some((sign_in, place)) = self.refresh_token(number, which) {
                    self.revoke(sign_in, place, by).await;
                }
            }
            Step::IntrospectRefresh(number, which, by) => {
                if let Some((sign_in, place)) = self.refresh_token(number, which) {
                    self.introspect_refresh(sign_in, place, by).await;
                }
            }
            Step::RevokeAccess(number, token, by) => {
                if let Some((sign_in, token)) = self.access_token(number, token) {
                    self.revoke_access(sign_in, token, by).await;
                }
            }
            Step::Introspect(number, token) => {
                if let Some((sign_in, token)) = self.access_token(number, token) {
                    self.introspect(sign_in, token).await;
                }
            }
            Step::UserInfo(number, token) => {
                if let Some((sign_in, token)) = self.access_token(number, token) {
                    self.user_info(sign_in, token).await;
                }
            }
            Step::SignOut => self.sign_out().await,
            Step::RotateKeys => {
                self.keys.insert(0, cast::new_key(Algorithm::Es256));
                self.publish();
            }
        }
    }

    /// As production does when keys have changed: a new snapshot, swapped as a whole.
    fn publish(&self) {
        let states = [KeyState::Active].into_iter();
        let states = states.chain(std::iter::repeat(KeyState::VerifyOnly));
        let keys = KeySet::new(self.keys.iter().cloned().zip(states).collect()).unwrap();
        let issuer = &self.op.state.site.issuer;
        let snapshot = Snapshot::new(issuer, &Policy::default(), cast::clients(), keys).unwrap();
        self.op.state.snapshot.store(Arc::new(snapshot));
    }

    async fn authorize(&mut self, offline: bool) {
        let now = self.op.now();
        // Pauses are minutes at most or days at least, so the session is surely alive or surely idle for too long.
        let lives = |session: &Session| !session.is_ended && now - session.seen < DAY / 2;
        if self.sessions.last().is_some_and(lives) {
            self.sessions.last_mut().unwrap().seen = now;
        } else {
            self.browser = self.op.browser();
            self.sessions.push(Session::new(now));
        }
        let scope = if offline {
            "openid read offline_access"
        } else {
            "openid read"
        };
        let code = self.browser.code("ada", &[("scope", scope)]).await;
        let session = self.sessions.len() - 1;
        self.sign_ins.push(SignIn::new(code, session, offline, now));
    }

    async fn redeem(&mut self, number: usize, by: By) {
        let now = self.op.now();
        let sign_in = &mut self.sign_ins[number];
        let expected = sign_in.redeem(by, now);
        let client = self.op.client(by.client());
        let reply = client.redeem(&sign_in.code, WEB).await;
        if let Some((refresh, access)) = answered(&reply, expected) {
            sign_in.redeemed(refresh, access, now);
        }
    }

    async fn refresh(&mut self, number: usize, place: usize, by: By, wider: bool) {
        let now = self.op.now();
        let sign_in = &mut self.sign_ins[number];
        let session = &self.sessions[sign_in.session];
        let expected = sign_in.refresh(place, (by, wider), session, now);
        let family = sign_in.family.as_mut().unwrap();
        let mut form = refreshing(&family.refresh[place]).to_vec();
        if wider {
            form.push(("scope", "openid read write"));
        }
        let reply = self.op.client(by.client()).post("/token", &form).await;
        let Some((refresh, access)) = answered(&reply, expected) else {
            return;
        };
        let is_known = family.access.iter().any(|known| known.text == access);
        assert!(!is_known, "every answer has an access token of its own");
        if let Expected::Same(successor) = expected {
            assert_eq!(refresh, family.refresh[successor]);
            family.repeated(successor, access, now);
        } else {
            assert!(!family.refresh.contains(&refresh));
            family.minted(refresh, access, now);
        }
    }

    async fn revoke(&mut self, number: usize, place: usize, by: By) {
        let family = self.sign_ins[number].family.as_mut().unwrap();
        family.is_ended |= by == By::Own;
        let form = [("token", &*family.refresh[place])];
        let reply = self.op.client(by.client()).post("/revoke", &form).await;
        assert_eq!(reply.status, 200);
    }

    async fn revoke_access(&mut self, number: usize, token: usize, by: By) {
        let now = self.op.now();
        let family = self.sign_ins[number].family.as_mut().unwrap();
        if by == By::Own {
            self.revoked_tokens += i64::from(family.revoke_access(token, now));
        }
        let form = [("token", &*family.access[token].text)];
        let reply = self.op.client(by.client()).post("/revoke", &form).await;
        assert_eq!(reply.status, 200);
    }

    async fn introspect_refresh(&mut self, number: usize, place: usize, by: By) {
        let sign_in = &self.sign_ins[number];
        let session = &self.sessions[sign_in.session];
        let expected = sign_in.is_good(place, by, session, self.op.now());
        let token = &sign_in.family.as_ref().unwrap().refresh[place];
        let told = self.op.client(by.client()).introspect(token).await;
        assert_eq!(told["active"], expected);
    }

    async fn introspect(&mut self, number: usize, token: usize) {
        let family = self.sign_ins[number].family.as_mut().unwrap();
        let expected = family.show(token, self.op.now());
        let web = self.op.client("web");
        let told = web.introspect(&family.access[token].text).await;
        assert_eq!(told["active"], expected);
    }

    async fn user_info(&mut self, number: usize, token: usize) {
        let family = self.sign_ins[number].family.as_mut().unwrap();
        let expected = family.show(token, self.op.now());
        let bearer = format!("Bearer {}", family.access[token].text);
        let request = TestRequest::get()
            .uri("/userinfo")
            .insert_header(("authorization", bearer));
        let reply = self.op.send(request).await;
        if expected {
            assert_eq!(reply.json(200)["sub"], "sub-ada");
        } else {
            assert_eq!(reply.status, 401, "{reply:?}");
        }
    }

    async fn sign_out(&mut self) {
        let now = self.op.now();
        let Some(session) = self.sessions.last_mut() else {
            return;
        };
        if session.is_ended || now - session.seen >= DAY / 2 {
            return;
        }
        session.is_ended = true;
        let of_session = self.sessions.len() - 1;
        for sign_in in &mut self.sign_ins {
            if sign_in.session == of_session {
                sign_in.sign_out();
            }
        }
        let page = self.browser.get("/logout").await;
        let decision = [("decision", "sign-out")];
        let reply = self
            .browser
            .submit(&page, "/logout/confirm", &decision)
            .await;
        assert_eq!(reply.location(), "/logout/done");
    }

    /// A family that was revoked never yields a token again, and none of its access tokens is good.
    async fn try_ended_families(&mut self) {
        for number in 0..self.sign_ins.len() {
            let Some(family) = &self.sign_ins[number].family else {
                continue;
            };
            if !family.is_ended {
                continue;
            }
            let (refresh, access) = (family.refresh.len(), family.access.len());
            for place in 0..refresh {
                self.refresh(number, place, By::Own, false).await;
            }
            for token in 0..access {
                self.introspect(number, token).await;
            }
        }
    }

    /// What is remembered is what was answered: no refusal wrote anything but what it punished.
    fn compare(&self, before: &[i64]) {
        let families = || self.sign_ins.iter().filter_map(|it| it.family.as_ref());
        let count = |number: usize| i64::try_from(number).unwrap();
        let made = count(families().count());
        let expected = [
            ("redeemed codes", 4, made),
            ("families", 5, made),
            (
                "revoked families",
                6,
                count(families().filter(|it| it.is_ended).count()),
            ),
            (
                "unused successors",
                7,
                count(families().filter(|it| it.has_pending()).count()),
            ),
            (
                "changes of families",
                8,
                families().map(|it| it.changes).sum(),
            ),
            ("revoked access tokens", 9, self.revoked_tokens),
        ];
        let after = self.op.database.remembered();
        for (what, place, expected) in expected {
            assert_eq!(after[place] - before[place], expected, "{what}");
        }
    }

    fn refresh_token(&self, number: usize, which: super::Which) -> Option<(usize, usize)> {
        let number = number % self.sign_ins.len();
        let family = self.sign_ins[number].family.as_ref()?;
        Some((number, family.pick(which)))
    }

    fn access_token(&self, number: usize, token: usize) -> Option<(usize, usize)> {
        let number = number % self.sign_ins.len();
        let family = self.sign_ins[number].family.as_ref()?;
        // The newest first: they are the ones that something depends on.
        let last = family.access.len() - 1;
        Some((number, last - token % family.access.len()))
    }
}

/// The refresh token and the access token of an answer that is as expected; nothing for a refusal as expected.
#[track_caller]
fn answered(reply: &Reply, expected: Expected) -> Option<(String, String)> {
    if let Expected::Refused(id) = expected {
        let error = if id == "E1325" {
            "invalid_scope"
        } else {
            "invalid_grant"
        };
        reply.assert_error(400, error, id);
        assert!(!reply.body.contains("_token\""), "{reply:?}");
        return None;
    }
    Some((reply.token("refresh_token"), reply.token("access_token")))
}
