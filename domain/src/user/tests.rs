use chrono::TimeDelta;

use super::*;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn user(role: Role) -> User {
    let email = "ada@example.com".parse().unwrap();
    User::replay(&[Event::Created(Created { email, role, at: NOW })])
}

fn change(user: &User, change: Change, by: Authority) -> Result<User, Rejection> {
    let events = user.decide(Command::Change { change, by, now: NOW })?;
    Ok(events.iter().fold(user.clone(), User::evolve))
}

fn present(user: &User) -> &Present {
    match user {
        User::Present(present) => present,
        User::Absent => panic!("there is no user"),
    }
}

const fn by(role: Role) -> Authority {
    Authority::User { role, is_oneself: false }
}

const ONESELF: Authority = Authority::User { role: Role::TenantAdmin, is_oneself: true };

#[test]
fn what_ends_all_sessions_begins_an_epoch() {
    let ends =
        [Change::Deactivate, Change::Password(PasswordChange::Recovery), Change::SignOutEverywhere];
    let goes_on = [
        Change::VerifyEmail,
        Change::Role(Role::Viewer),
        Change::Lock { reason: LockReason::ByOrder, until: None },
        Change::EnableSecondFactor,
        Change::UseBackupCode { left: 3 },
        Change::ReplaceBackupCodes,
    ];
    for (changes, epoch) in [(&ends[..], 1), (&goes_on[..], 0)] {
        for what in changes {
            let changed = change(&user(Role::Operator), *what, Authority::Operator).unwrap();
            assert_eq!(present(&changed).epoch, epoch, "{what:?}");
        }
    }
}

#[test]
fn a_reactivated_users_old_sessions_stay_over() {
    let deactivated = change(&user(Role::Viewer), Change::Deactivate, Authority::Operator).unwrap();
    assert_eq!(present(&deactivated).may_sign_in(NOW), Err(Barred::Deactivated));
    let again = change(&deactivated, Change::Reactivate, Authority::Operator).unwrap();
    assert_eq!(present(&again).may_sign_in(NOW), Ok(()));
    assert_eq!(present(&again).epoch, 1);
}

#[test]
fn a_lock_ends_in_time_or_by_order() {
    let minute = TimeDelta::minutes(1);
    let lock = |until| Change::Lock { reason: LockReason::TooManyFailures, until };
    let locked =
        change(&user(Role::Viewer), lock(Some(NOW + minute)), Authority::Operator).unwrap();
    assert_eq!(present(&locked).may_sign_in(NOW), Err(Barred::Locked));
    assert_eq!(present(&locked).may_sign_in(NOW + minute), Ok(()));
    let for_good = change(&user(Role::Viewer), lock(None), Authority::Operator).unwrap();
    assert_eq!(present(&for_good).may_sign_in(NOW + minute * 1_000), Err(Barred::Locked));
    let unlocked = change(&for_good, Change::Unlock, Authority::Operator).unwrap();
    assert_eq!(present(&unlocked).may_sign_in(NOW), Ok(()));
}

#[test]
fn a_tenants_administrator_reaches_everybody_but_those_who_run_the_installation() {
    let admin = by(Role::TenantAdmin);
    let beyond = Err(Rejection::RoleBeyondReach(Role::PlatformAdmin));
    assert_eq!(change(&user(Role::Viewer), Change::Role(Role::PlatformAdmin), admin), beyond);
    assert_eq!(change(&user(Role::PlatformAdmin), Change::Deactivate, admin), beyond);
    assert!(change(&user(Role::Viewer), Change::Role(Role::TenantAdmin), admin).is_ok());
    assert!(
        change(&user(Role::PlatformAdmin), Change::Deactivate, by(Role::PlatformAdmin)).is_ok()
    );
    for role in [Role::Operator, Role::Viewer, Role::Auditor] {
        assert!(change(&user(Role::Viewer), Change::SignOutEverywhere, by(role)).is_err());
    }
}

#[test]
fn nobody_takes_away_their_own_access() {
    let admin = user(Role::TenantAdmin);
    for what in [Change::Role(Role::Viewer), Change::Deactivate] {
        assert_eq!(change(&admin, what, ONESELF), Err(Rejection::OneselfOnly));
    }
    assert!(change(&admin, Change::Password(PasswordChange::Owner), ONESELF).is_ok());
    assert!(change(&user(Role::Viewer), Change::SignOutEverywhere, ONESELF).is_ok());
}

#[test]
fn saying_what_is_so_already_is_no_event() {
    let user = user(Role::Viewer);
    for what in [
        Change::Role(Role::Viewer),
        Change::Reactivate,
        Change::Unlock,
        Change::DisableSecondFactor,
    ] {
        let decided =
            user.decide(Command::Change { change: what, by: Authority::Operator, now: NOW });
        assert_eq!(decided, Ok(vec![]), "{what:?}");
    }
}
