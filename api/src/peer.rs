//! The address a request comes from.
//!
//! A connection tells who is at its other end. Where that is a proxy of ours (`TRUSTED_PROXIES`), it tells in
//! `X-Forwarded-For` from whom it has the request, and so on from proxy to proxy; the list grows to the right, and what
//! stands left of the first address that is not a proxy of ours is that client's own claim.
//!
//! Invariant: no header changes the address of a request that does not come from a proxy of ours. Limits and blocks
//! are per address, so one that could be made up would be none.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A year: from now on browsers come by TLS alone (RFC 6797). Of the hosts below this one nothing is said.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The client's address, where the server knows it (a test without a socket does not).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);

/// The networks of our own proxies.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Of these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The first address, from ours outwards, that is not a proxy of ours. What is no address ends the search at
    /// the proxy that told it.
    fn client(&self, socket: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
        let mut told = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        let mut address = socket;
        while self.contains(address) {
            match told.next().and_then(read) {
                Some(further) => address = further,
                None => break,
            }
        }
        address
    }
}

/// The middleware: notes the client's address, and tells a browser that came by TLS to stay with it.
pub async fn find(
    State(trusted): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let socket = socket(request.extensions());
    let is_told_by_proxy = socket.is_some_and(|socket| trusted.contains(socket));
    let proto = request.headers().get_all(FORWARDED_PROTO).into_iter().next_back();
    let is_tls = is_told_by_proxy && proto.is_some_and(|proto| proto == "https");
    let client = socket.map(|socket| trusted.client(socket, request.headers()));
    request.extensions_mut().insert(Peer(client));
    let mut response = next.run(request).await;
    if is_tls {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    response
}

/// An IPv4 address that came through an IPv6 socket is taken as what it is.
fn socket(extensions: &Extensions) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(address)| address.ip().to_canonical())
}

/// An address as proxies write it; some add the port.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<Self>().copied();
        Ok(found.unwrap_or_else(|| Self(socket(&parts.extensions))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], socket: &str, told: &[&str]) -> String {
        let networks = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let values = told.iter().map(|line| HeaderValue::from_str(line).unwrap());
        let headers = values.map(|value| (FORWARDED_FOR, value)).fold(
            HeaderMap::new(),
            |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            },
        );
        TrustedProxies::new(networks).client(socket.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_but_a_proxy_of_ours_is_believed() {
        assert_eq!(client(&[], "10.0.0.1", &["203.0.113.7"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &["203.0.113.7"]), "192.0.2.1");
    }

    #[test]
    fn a_proxy_of_ours_tells_the_client() {
        let trusted = ["10.0.0.0/8", "::1/128"];
        assert_eq!(client(&trusted, "10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client(&trusted, "::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client(&trusted, "10.0.0.1", &["203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client(&trusted, "10.0.0.1", &["::ffff:203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn what_the_client_made_up_is_passed_over() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(client(&trusted, "10.0.0.1", &["1.1.1.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["1.1.1.1", "203.0.113.7"]), "203.0.113.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["10.9.9.9, 203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn several_proxies_of_ours_are_seen_through() {
        let told = ["203.0.113.7, 10.0.0.3", "10.0.0.2"];
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &told), "203.0.113.7");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn what_is_no_address_leaves_it_at_the_proxy() {
        for told in ["", "unknown", "_hidden", "203.0.113.7, nonsense", ",,,", "\"203.0.113.7\""] {
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[told]), "10.0.0.1", "{told}");
        }
    }
}
