//! Where the server is: a connection string, read by the crate after what it would let pass is refused.
//!
//! Invariant: no error shows the password.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;

use eventstore::{ClientSettings, Credentials};
use percent_encoding::percent_decode_str;

use super::streams::Streams;

/// The schemes, and what the crate calls them: the product was renamed, the protocol was not.
const SCHEMES: [(&str, &str); 4] = [
    ("esdb://", "esdb://"),
    ("esdb+discover://", "esdb+discover://"),
    ("kurrentdb://", "esdb://"),
    ("kurrentdb+discover://", "esdb+discover://"),
];
/// The crate passes over parameters it does not know, so that a slip of the pen would go unnoticed.
const PARAMETERS: [&str; 13] = [
    "connectionName",
    "defaultDeadline",
    "discoveryInterval",
    "gossipTimeout",
    "keepAliveInterval",
    "keepAliveTimeout",
    "maxDiscoverAttempts",
    "nodePreference",
    "tls",
    "tlsCaFile",
    "tlsVerifyCert",
    "userCertFile",
    "userKeyFile",
];

/// How a server or a cluster is reached, and which of its streams are ours. Holds the password: not for logs.
#[derive(Clone)]
pub struct Address {
    pub(super) settings: ClientSettings,
    pub(super) credentials: Option<Credentials>,
    pub(super) streams: Streams,
    parameters: String,
}

/// Why a text is not an address.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAddress {
    /// It is of another kind.
    #[error(
        "must begin with esdb:// or esdb+discover:// (or kurrentdb:// or kurrentdb+discover://)"
    )]
    Scheme,
    /// It names no host, or one that cannot be.
    #[error("must name the server as host:port, several of them separated by commas")]
    Host,
    /// It has a parameter that means nothing.
    #[error("has the parameter {0}, which is none of {list}", list = PARAMETERS.join(", "))]
    Parameter(String),
    /// A parameter has a value it cannot have.
    #[error("cannot be read: {0}")]
    Value(String),
    /// A file it names cannot be used.
    #[error("names {path} as {parameter}, which is no readable PEM file")]
    File {
        /// By which parameter.
        parameter: &'static str,
        /// Which file.
        path: String,
    },
}

impl Address {
    /// The same server, with streams nobody sees who does not name the same namespace.
    #[must_use]
    pub(in crate::event_log) fn within(self, namespace: String) -> Self {
        Self { streams: Streams::within(namespace), ..self }
    }

    /// The same server by another way, if it can be taken for the same there: its certificate names the one
    /// it is reached by, and a cluster tells clients where its nodes are.
    pub(in crate::event_log) fn through(&self, way: SocketAddr) -> Option<Self> {
        if self.is_cluster() || self.settings.is_secure_mode_enabled() {
            return None;
        }
        let settings = format!("esdb://{way}?{}", self.parameters).parse().ok()?;
        Some(Self { settings, ..self.clone() })
    }

    /// Somebody the server does not know, if it is told at all who asks.
    pub(in crate::event_log) fn of_nobody(&self) -> Option<Self> {
        self.credentials.as_ref()?;
        let nobody = Credentials::new("nobody", "wrong");
        Some(Self { credentials: Some(nobody), ..self.clone() })
    }

    /// Where the first server is.
    pub(in crate::event_log) fn host(&self) -> Option<String> {
        self.settings.hosts().first().map(|host| format!("{}:{}", host.host, host.port))
    }

    /// Several servers, or a name that stands for several.
    pub(super) fn is_cluster(&self) -> bool {
        self.settings.is_dns_discovery_enabled() || self.settings.hosts().len() > 1
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (scheme, rest) = SCHEMES
            .into_iter()
            .find_map(|(scheme, known)| Some((known, text.strip_prefix(scheme)?)))
            .ok_or(InvalidAddress::Scheme)?;
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        check_parameters(query)?;
        let (user, hosts) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(user, hosts)| (Some(user), hosts));
        check_hosts(hosts)?;
        // Without the user: the crate takes it as it is written, percent signs and all.
        let settings: ClientSettings =
            format!("{scheme}{hosts}?{query}").parse().map_err(|error| {
                let error: eventstore::ClientSettingsParseError = error;
                match error.error() {
                    Some(_) => InvalidAddress::Host,
                    None => InvalidAddress::Value(error.message().to_owned()),
                }
            })?;
        check_files(&settings)?;
        Ok(Self {
            settings,
            credentials: user.map(credentials),
            streams: Streams::default(),
            parameters: query.to_owned(),
        })
    }
}

fn check_parameters(query: &str) -> Result<(), InvalidAddress> {
    let named = query.split('&').filter(|pair| !pair.is_empty());
    for name in named.map(|pair| pair.split('=').next().unwrap_or_default()) {
        if !PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(InvalidAddress::Parameter(name.to_owned()));
        }
    }
    Ok(())
}

/// The crate panics, in a task of its own, over a host that cannot stand in a URL.
fn check_hosts(hosts: &str) -> Result<(), InvalidAddress> {
    let is_sound = |host: &str| {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "2113"));
        let is_named = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        is_named && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
    if hosts.split(',').all(is_sound) { Ok(()) } else { Err(InvalidAddress::Host) }
}

/// The same over a file that is not there.
fn check_files(settings: &ClientSettings) -> Result<(), InvalidAddress> {
    let (certificate, key) = settings.user_certificate().unzip();
    let files = [
        ("tlsCaFile", settings.tls_ca_file()),
        ("userCertFile", certificate),
        ("userKeyFile", key),
    ];
    for (parameter, path) in files {
        let Some(path) = path else { continue };
        let is_pem =
            std::fs::read_to_string(Path::new(path)).is_ok_and(|text| text.contains("-----BEGIN "));
        if !is_pem {
            return Err(InvalidAddress::File { parameter, path: path.clone() });
        }
    }
    Ok(())
}

fn credentials(user: &str) -> Credentials {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decode = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    Credentials::new(decode(name), decode(password))
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Address")
            .field("hosts", self.settings.hosts())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<(String, u32)> {
        let address: Address = text.parse().unwrap();
        address.settings.hosts().iter().map(|host| (host.host.clone(), host.port)).collect()
    }

    #[test]
    fn one_server_several_and_a_name_for_several_are_understood() {
        let one = |name: &str, port| (name.to_owned(), port);
        assert_eq!(hosts("esdb://localhost?tls=false"), [one("localhost", 2113)]);
        assert_eq!(hosts("kurrentdb://admin:changeit@db:21130"), [one("db", 21_130)]);
        let several = "esdb://admin:changeit@a:1,b:2,c:3?tls=true&nodePreference=leader";
        assert_eq!(hosts(several), [one("a", 1), one("b", 2), one("c", 3)]);
        for (text, is_cluster) in
            [(several, true), ("kurrentdb+discover://db", true), ("esdb://db", false)]
        {
            assert_eq!(text.parse::<Address>().unwrap().is_cluster(), is_cluster, "{text}");
        }
    }

    #[test]
    fn a_password_is_read_as_it_was_meant() {
        for (text, password) in
            [("esdb://u:p%40ss%2F%25@h", "p@ss/%"), ("esdb://u:p@ss@h", "p@ss"), ("esdb://u@h", "")]
        {
            let address: Address = text.parse().unwrap();
            let meant = Credentials::new("u".to_owned(), password.to_owned());
            assert_eq!(address.credentials, Some(meant), "{text}");
        }
        assert_eq!("esdb://h".parse::<Address>().unwrap().credentials, None);
    }

    #[test]
    fn what_is_wrong_is_told_and_the_password_is_not() {
        for (text, told) in [
            ("postgres://u:hidden@h", "esdb://"),
            ("esdb://u:hidden@", "host:port"),
            ("esdb://u:hidden@a:1,b:x", "host:port"),
            ("esdb://u:hidden@a:99999", "host:port"),
            ("esdb://u:hidden@a b", "host:port"),
            ("esdb://u:hidden@h?tsl=false", "tsl"),
            ("esdb://u:hidden@h?tls=perhaps", "perhaps"),
            ("esdb://u:hidden@h?nodePreference=best", "best"),
            ("esdb://u:hidden@h?tlsCaFile=nowhere.pem", "nowhere.pem"),
            ("esdb://u:hidden@h?userCertFile=nowhere.pem", "userKeyFile"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(told), "{text}: {shown}");
            assert!(!shown.contains("hidden"), "{shown}");
        }
        let address: Address = "esdb://u:hidden@h".parse().unwrap();
        assert!(!format!("{address:?}").contains("hidden"));
    }
}
