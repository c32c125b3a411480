//! Eight at the same time: what may happen once happens once, and retries converge.

use std::collections::BTreeSet;

use issuant::protocol::refresh_policy::RefreshRotation;

use super::on_both_databases;
use crate::support::op::{Reply, TestOp, WEB, all};
use crate::support::signer::{CREDENTIALS, Signer, signed};

on_both_databases!(
    eight_redemptions_of_one_code,
    eight_refreshes_of_one_token,
    eight_refreshes_of_a_token_that_is_good_once,
    eight_refreshes_of_a_token_that_stays,
    eight_uses_of_one_successor,
    a_revocation_among_refreshes,
    many_uses_of_one_assertion,
);

fn granted(replies: &[Reply]) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status == 200).collect()
}

async fn eight_redemptions_of_one_code(op: TestOp) {
    let code = op.browser().code("ada", &[]).await;
    let web = op.client("web");
    let replies = all((0..8).map(|_| web.redeem(&code, WEB))).await;
    let granted = granted(&replies);
    assert_eq!(granted.len(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.assert_error(400, "invalid_grant", "E1312");
    }
    // The others were reuse, so even the one that won is worth nothing.
    let token = granted[0].token("access_token");
    assert_eq!(web.introspect(&token).await["active"], false);
}

async fn eight_refreshes_of_one_token(op: TestOp) {
    let code = op.browser().code("ada", &[]).await;
    let web = op.client("web");
    let first = web.redeem(&code, WEB).await.token("refresh_token");
    let replies = all((0..8).map(|_| web.refresh(&first))).await;
    let answers: BTreeSet<String> = replies.iter().map(|it| it.token("refresh_token")).collect();
    assert_eq!(answers.len(), 1, "all got the identical answer");
    let access: BTreeSet<String> = replies.iter().map(|it| it.token("access_token")).collect();
    for token in access {
        assert_eq!(web.introspect(&token).await["active"], true);
    }
    assert_eq!(web.refresh(answers.first().unwrap()).await.status, 200);
}

/// Of one-time use exactly one comes through, and it is taken back: the others could be thieves.
async fn eight_refreshes_of_a_token_that_is_good_once(op: TestOp) {
    rotate(&op, RefreshRotation::Strict);
    let code = op.browser().code("ada", &[]).await;
    let web = op.client("web");
    let first = web.redeem(&code, WEB).await.token("refresh_token");
    let replies = all((0..8).map(|_| web.refresh(&first))).await;
    let granted = granted(&replies);
    assert_eq!(granted.len(), 1);
    let with = |id: &str| replies.iter().filter(|it| it.body.contains(id)).count();
    // On PostgreSQL several may find the theft before the first of them has revoked the family.
    let (thefts, revoked) = (with("E1324"), with("E1323"));
    assert!(thefts >= 1 && thefts + revoked == 7, "{thefts} {revoked}");
    let token = granted[0].token("access_token");
    assert_eq!(web.introspect(&token).await["active"], false);
    web.refresh(&granted[0].token("refresh_token"))
        .await
        .assert_error(400, "invalid_grant", "E1323");
}

async fn eight_refreshes_of_a_token_that_stays(op: TestOp) {
    rotate(&op, RefreshRotation::None);
    let code = op.browser().code("ada", &[]).await;
    let web = op.client("web");
    let first = web.redeem(&code, WEB).await.token("refresh_token");
    let replies = all((0..8).map(|_| web.refresh(&first))).await;
    for reply in replies {
        assert_eq!(reply.token("refresh_token"), first);
        let token = reply.token("access_token");
        assert_eq!(web.introspect(&token).await["active"], true);
    }
    assert_eq!(web.refresh(&first).await.token("refresh_token"), first);
}

/// Gives the web app a mode of its own.
fn rotate(op: &TestOp, rotation: RefreshRotation) {
    op.store_changed_client("web", |client| client.refresh.rotation = Some(rotation));
}

/// Each of them makes the successor current, or finds that it is: all are the same holder.
async fn eight_uses_of_one_successor(op: TestOp) {
    let code = op.browser().code("ada", &[]).await;
    let web = op.client("web");
    let first = web.redeem(&code, WEB).await.token("refresh_token");
    let second = web.refresh(&first).await.token("refresh_token");
    let replies = all((0..8).map(|_| web.refresh(&second))).await;
    let answers: BTreeSet<String> = replies.iter().map(|it| it.token("refresh_token")).collect();
    assert_eq!(answers.len(), 1, "all got the identical answer");
    web.refresh(&first)
        .await
        .assert_error(400, "invalid_grant", "E1324");
}

async fn a_revocation_among_refreshes(op: TestOp) {
    let code = op.browser().code("ada", &[]).await;
    let web = op.client("web");
    let token = web.redeem(&code, WEB).await.token("refresh_token");
    let form = [("token", &*token)];
    let refreshes = all((0..4).map(|_| web.refresh(&token)));
    let revocation = all([web.post("/revoke", &form)]);
    let (answers, revoked) = tokio::join!(refreshes, revocation);
    assert_eq!(revoked[0].status, 200);
    for reply in answers {
        if reply.status == 200 {
            let token = reply.token("access_token");
            assert_eq!(
                web.introspect(&token).await["active"],
                false,
                "no token survives"
            );
        } else {
            reply.assert_error(400, "invalid_grant", "E1323");
        }
    }
}

async fn many_uses_of_one_assertion(op: TestOp) {
    let signer = Signer::new();
    op.store_changed_client("service", |client| signer.register(client));
    let assertion = signer.assertion();
    let token = [("token", "unknown")];
    let (credentials, about) = (signed(&CREDENTIALS, &assertion), signed(&token, &assertion));
    let anybody = op.anonymous();
    let replies = all((0..64).map(|number| match number % 3 {
        0 => anybody.post("/token", &credentials),
        1 => anybody.post("/introspect", &about),
        _ => anybody.post("/revoke", &about),
    }))
    .await;
    assert_eq!(granted(&replies).len(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.assert_error(401, "invalid_client", "E1114");
    }
}
