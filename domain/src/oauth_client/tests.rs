use super::*;
use crate::access::Role;
use crate::ports::event_log::Actor;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn registered(kind: ClientKind, grant_types: &[GrantType], uris: &[&str]) -> Registered {
    Registered {
        name: "Shop".parse().unwrap(),
        kind,
        grant_types: grant_types.to_vec(),
        redirect_uris: uris.iter().map(|uri| (*uri).to_owned().try_into().unwrap()).collect(),
        scopes: [Permission::SendMessages].into_iter().collect(),
        created_by: Actor::Operator,
        at: NOW,
    }
}

fn register(registered: Registered, by: Role) -> Result<Vec<Event>, Rejection> {
    OAuthClient::Absent.decide(Command::Register { registered, holds: Permissions::of(by) })
}

#[test]
fn a_client_is_registered_for_what_it_can_do_and_no_more() {
    use ClientKind::{Confidential, Public};
    use GrantType::{AuthorizationCode as Code, ClientCredentials as Own};
    let back = "https://shop.example/back";
    let admin = |kind, grants: &[GrantType], uris: &[&str]| {
        register(registered(kind, grants, uris), Role::TenantAdmin).err()
    };
    assert_eq!(admin(Confidential, &[Own], &[]), None);
    assert_eq!(admin(Confidential, &[Own, Code], &[back]), None);
    assert_eq!(admin(Public, &[Code], &[back]), None);
    assert_eq!(admin(Public, &[Own], &[]), Some(Rejection::PublicOnItsOwn));
    assert_eq!(admin(Confidential, &[], &[]), Some(Rejection::NoGrantTypes));
    assert_eq!(admin(Public, &[Code], &[]), Some(Rejection::RedirectUris));
    assert_eq!(admin(Public, &[Code], &[back; 11]), Some(Rejection::RedirectUris));
    assert_eq!(admin(Confidential, &[Own], &[back]), Some(Rejection::RedirectUris));
    let viewers = register(registered(Confidential, &[Own], &[]), Role::Viewer);
    assert_eq!(viewers, Err(Rejection::ScopeNotHeld(Permission::SendMessages)));
    let nothing =
        Registered { scopes: Permissions::default(), ..registered(Confidential, &[Own], &[]) };
    assert_eq!(register(nothing, Role::TenantAdmin), Err(Rejection::NoScopes));
}

#[test]
fn only_who_has_a_secret_is_given_another_and_nobody_after_the_end() {
    let rotate = Command::RotateSecret { old_good_until: NOW, now: NOW };
    let revoke = Command::Revoke { reason: None, now: NOW };
    let made = |kind, grant, uris: &[&str]| {
        let events = register(registered(kind, &[grant], uris), Role::TenantAdmin).unwrap();
        OAuthClient::replay(&events)
    };
    let own = made(ClientKind::Confidential, GrantType::ClientCredentials, &[]);
    let public = made(ClientKind::Public, GrantType::AuthorizationCode, &["https://a.example"]);
    assert!(own.decide(rotate.clone()).is_ok());
    assert_eq!(public.decide(rotate.clone()), Err(Rejection::HasNoSecret));
    let over = own.decide(revoke.clone()).unwrap().iter().fold(own, OAuthClient::evolve);
    assert_eq!(over.decide(rotate.clone()), Err(Rejection::Revoked));
    assert_eq!(over.decide(revoke.clone()), Ok(vec![]));
    assert_eq!(OAuthClient::Absent.decide(revoke), Err(Rejection::Unknown));
}
