//! Which clients hear that a session ended (OpenID Connect Back-Channel Logout §2.3).

use issuant::identity::session;
use issuant::protocol::client::{Client, ClientId};
use issuant::protocol::context::ClientDirectory as _;
use issuant::protocol::logout_notice::LogoutNotice;

use super::{SESSION, World, session_of};

fn ended(world: &mut World) -> Option<Vec<String>> {
    let now = world.ground.now;
    let find_client = |id: &ClientId| world.ground.clients.client(id.as_str());
    let session = session_of("sub-ada");
    let clients = session::end(&mut world.store, &find_client, &session, now).unwrap();
    clients.map(|clients| clients.iter().map(|it| it.id.to_string()).collect())
}

fn wants_notice(client: &mut Client) {
    let address = "https://web.example/out".parse().unwrap();
    client.metadata.backchannel_logout_uri = Some(address);
}

#[test]
fn a_client_that_got_a_code_takes_part() {
    let mut world = World::new();
    world.change_client("web", wants_notice);
    world.change_client("other", wants_notice);
    world.sign_in();
    assert_eq!(ended(&mut world), Some(vec!["web".to_owned()]));
    let web = world.client("web");
    let owed = LogoutNotice::new(SESSION, &web.id, "sub-ada", world.ground.now);
    assert_eq!(world.store.notices, [owed]);
    assert!(world.family().revoked.is_some());
}

#[test]
fn a_client_without_an_address_is_owed_nothing() {
    let mut world = World::new();
    world.sign_in();
    assert_eq!(ended(&mut world), Some(vec!["web".to_owned()]));
    assert_eq!(world.store.notices, []);
}

#[test]
fn a_session_ends_once() {
    let mut world = World::new();
    world.change_client("web", wants_notice);
    world.sign_in();
    assert!(ended(&mut world).is_some());
    assert_eq!(ended(&mut world), None);
    assert_eq!(world.store.notices.len(), 1);
}
