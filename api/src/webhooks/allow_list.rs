//! From where webhooks are taken.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks; none means anywhere.
#[derive(Debug, Clone, Default)]
pub struct AllowList(Option<Vec<IpNet>>);

impl AllowList {
    /// Of these networks, if they are given.
    pub fn new(networks: Option<Vec<IpNet>>) -> Self {
        Self(networks)
    }

    /// Whether webhooks are taken from here. Where there is a list, an unknown address is not on it.
    pub fn allows(&self, peer: Option<IpAddr>) -> bool {
        let Some(networks) = &self.0 else { return true };
        peer.is_some_and(|peer| networks.iter().any(|network| network.contains(&peer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &AllowList, address: &str) -> bool {
        list.allows(Some(address.parse().unwrap()))
    }

    #[test]
    fn without_a_list_everybody_is_allowed() {
        assert!(AllowList::default().allows(None));
        assert!(allows(&AllowList::default(), "203.0.113.9"));
    }

    #[test]
    fn with_a_list_only_those_on_it_are_allowed() {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap());
        let list = AllowList::new(Some(networks.to_vec()));
        assert!(allows(&list, "10.255.0.1"));
        assert!(allows(&list, "2001:db8::1"));
        assert!(!allows(&list, "11.0.0.1"));
        assert!(!allows(&list, "::1"));
        assert!(!list.allows(None));
    }
}
