//! Who may send next: fair between tenants, then between a tenant's sessions, then between priorities.
//!
//! ```text
//! slots free in this process
//!   -> one each to the tenants in turn        a tenant with a thousand sessions is still one tenant
//!     -> one each to the tenant's sessions    longest unserved first
//!       -> within a session, by priority,     but every fourth message is the oldest of any priority,
//!                                             so low ones move however many high ones come
//! ```

use std::collections::VecDeque;

use crate::id::{SessionId, TenantId};

/// A session with something to send and leave to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub session_id: SessionId,
    /// Whose.
    pub tenant_id: TenantId,
    /// How many messages its pace, and its limit of calls at a time, allow now.
    pub allowance: u32,
    /// How many messages it has been given so far.
    pub served: u64,
}

/// What a session is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which.
    pub session_id: SessionId,
    /// Messages to take oldest first, whatever their priority.
    pub by_age: u32,
    /// Messages to take by priority.
    pub by_priority: u32,
}

/// Every so many messages, one goes by age alone.
const AGE_TURN: u64 = 4;

/// Divides `slots` among `candidates`, which stand in the order of who has waited longest.
pub fn divide(candidates: &[Candidate], slots: u32) -> Vec<Share> {
    let mut tenants = by_tenant(candidates);
    let mut given = vec![0_u32; candidates.len()];
    let mut free = slots;
    while free > 0 {
        let Some(mut sessions) = tenants.pop_front() else { break };
        let Some(index) = sessions.pop_front() else { continue };
        given[index] += 1;
        free -= 1;
        if given[index] < candidates[index].allowance {
            sessions.push_back(index);
        }
        tenants.push_back(sessions);
    }
    candidates
        .iter()
        .zip(given)
        .filter(|(_, count)| *count > 0)
        .map(|(candidate, count)| share(candidate, count))
        .collect()
}

/// Indices of the candidates that may send, a queue for each tenant.
fn by_tenant(candidates: &[Candidate]) -> VecDeque<VecDeque<usize>> {
    let mut queues: Vec<(TenantId, VecDeque<usize>)> = Vec::new();
    for (index, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.allowance > 0) {
        match queues.iter_mut().find(|(tenant, _)| *tenant == candidate.tenant_id) {
            Some((_, queue)) => queue.push_back(index),
            None => queues.push((candidate.tenant_id, VecDeque::from([index]))),
        }
    }
    queues.into_iter().map(|(_, queue)| queue).collect()
}

fn share(candidate: &Candidate, count: u32) -> Share {
    let turns = (candidate.served + u64::from(count)) / AGE_TURN - candidate.served / AGE_TURN;
    let by_age = u32::try_from(turns).unwrap_or(count).min(count);
    Share { session_id: candidate.session_id, by_age, by_priority: count - by_age }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn candidate(session: u128, tenant: u128, allowance: u32) -> Candidate {
        Candidate {
            session_id: SessionId(Uuid::from_u128(session)),
            tenant_id: TenantId(Uuid::from_u128(tenant)),
            allowance,
            served: 0,
        }
    }

    fn given(shares: &[Share]) -> Vec<(u128, u32)> {
        shares.iter().map(|s| (s.session_id.0.as_u128(), s.by_age + s.by_priority)).collect()
    }

    #[test]
    fn a_tenant_with_many_sessions_gets_no_more_than_one_with_few() {
        let candidates =
            [candidate(1, 1, 9), candidate(2, 1, 9), candidate(3, 1, 9), candidate(4, 2, 9)];
        assert_eq!(given(&divide(&candidates, 6)), [(1, 1), (2, 1), (3, 1), (4, 3)]);
    }

    #[test]
    fn what_one_cannot_use_goes_to_the_others() {
        let candidates = [candidate(1, 1, 1), candidate(2, 2, 9)];
        assert_eq!(given(&divide(&candidates, 5)), [(1, 1), (2, 4)]);
    }

    #[test]
    fn every_fourth_message_of_a_session_goes_by_age() {
        let mut turns = String::new();
        for served in 0..8 {
            let share = divide(&[Candidate { served, ..candidate(1, 1, 1) }], 1)[0];
            turns.push(if share.by_age == 1 { 'a' } else { 'p' });
        }
        assert_eq!(turns, "pppapppa");
    }

    proptest! {
        #[test]
        fn no_more_is_given_than_there_is_and_than_each_may_have(
            allowances in proptest::collection::vec((0_u32..20, 0_u128..4), 0..20),
            slots in 0_u32..100,
        ) {
            let candidates: Vec<_> = allowances
                .iter()
                .zip(1_u128..)
                .map(|((allowance, tenant), session)| candidate(session, *tenant, *allowance))
                .collect();
            let shares = divide(&candidates, slots);
            let total: u32 = given(&shares).iter().map(|(_, count)| count).sum();
            let wanted: u32 = candidates.iter().map(|c| c.allowance).sum();
            prop_assert_eq!(total, slots.min(wanted));
            for share in shares {
                let asked = candidates.iter().find(|c| c.session_id == share.session_id).unwrap();
                prop_assert!(share.by_age + share.by_priority <= asked.allowance);
            }
        }
    }
}
