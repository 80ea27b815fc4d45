use chrono::TimeDelta;

use super::*;
use crate::access::Role;
use crate::ports::event_log::Actor;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn created(scopes: Permissions) -> Created {
    Created {
        name: "Shop".parse().unwrap(),
        scopes,
        prefix: "a1B2c3D4".to_owned().try_into().unwrap(),
        expires_at: None,
        rate_limit_per_minute: None,
        created_by: Actor::Operator,
        at: NOW,
    }
}

fn create(created: Created, by: Role) -> Result<Vec<Event>, Rejection> {
    ApiKey::Absent.decide(Command::Create { created, holds: Permissions::of(by) })
}

#[test]
fn nobody_gives_a_permission_that_they_do_not_have() {
    for role in Role::ALL {
        for permission in Permission::ALL {
            let made = create(created([permission].into_iter().collect()), role);
            let refused = made.err();
            let expected =
                (!role.allows(permission)).then_some(Rejection::ScopeNotHeld(permission));
            assert_eq!(refused, expected, "{role:?} {permission:?}");
        }
    }
}

#[test]
fn a_key_opens_something_and_ends_after_it_begins() {
    let admin = Permissions::of(Role::TenantAdmin);
    assert_eq!(
        create(created(Permissions::default()), Role::TenantAdmin),
        Err(Rejection::NoScopes)
    );
    let over = Created { expires_at: Some(NOW), ..created(admin) };
    assert_eq!(create(over, Role::TenantAdmin), Err(Rejection::ExpiresTooEarly));
    let end = NOW + TimeDelta::seconds(1);
    let made = create(Created { expires_at: Some(end), ..created(admin) }, Role::TenantAdmin);
    let ApiKey::Active(terms) = ApiKey::replay(&made.unwrap()) else { unreachable!() };
    assert!(!terms.is_expired(NOW) && terms.is_expired(end));
}

#[test]
fn a_revoked_key_stays_revoked() {
    let history = create(created(Permissions::of(Role::Viewer)), Role::TenantAdmin).unwrap();
    let key = ApiKey::replay(&history);
    let revoke = Command::Revoke { reason: None, now: NOW };
    let rotate = Command::Rotate { old_good_until: NOW, now: NOW };
    assert!(matches!(key.decide(rotate.clone()).unwrap()[..], [Event::Rotated(_)]));
    let revoked = key.decide(revoke.clone()).unwrap().iter().fold(key, ApiKey::evolve);
    assert_eq!(revoked, ApiKey::Revoked);
    assert_eq!(revoked.decide(revoke.clone()), Ok(vec![]));
    assert_eq!(revoked.decide(rotate), Err(Rejection::Revoked));
    assert_eq!(ApiKey::Absent.decide(revoke), Err(Rejection::Unknown));
}
