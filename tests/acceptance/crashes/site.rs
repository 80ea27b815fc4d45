//! A database and a WAHA that outlive the processes.

use acceptance::caller::Caller;
use acceptance::directory::Directory;
use acceptance::eventually::within;
use acceptance::port::Port;
use acceptance::process::{Environment, Process};
use acceptance::proxy::Proxy;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use domain::access::Role;
use mail_catcher::MailCatcher;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::time::Duration;
use waha_simulator::{LedgerEntry, Simulator};

/// A dead process's work is taken over after a quarter of a minute, and there is much of it.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);

/// A database and a WAHA that outlive the processes.
pub(super) struct Site {
    pub(super) waha: Simulator,
    pub(super) directory: Directory,
    pub(super) database: PgPool,
    setup: Setup,
    /// Its mail goes here, if it sends any.
    pub(super) catcher: Option<MailCatcher>,
    /// Where WAHA finds an engine, and where the first one is.
    pub(super) port: Port,
}

impl Site {
    pub(super) async fn new(database: PgPool, setup: Setup) -> Self {
        let waha = Simulator::start(setup.waha.clone()).await.unwrap();
        let directory = Directory::open(&database, &setup);
        Self { waha, directory, database, setup, catcher: None, port: Port::reserve() }
    }

    /// The same, that sends mail.
    pub(super) async fn with_mail(self) -> Self {
        let catcher = MailCatcher::start().await.unwrap();
        Self { setup: self.setup.mail(&catcher), catcher: Some(catcher), ..self }
    }

    /// What the process on a port is told; WAHA is told of the site's own port.
    pub(super) fn environment(&self, port: &Port) -> Environment {
        let setup = self.setup.clone().set("PUBLIC_URL", self.port.url());
        let database = self.database.connect_options();
        setup.environment(&database, &self.waha.base_url(), port.address())
    }

    /// The same, of a process that reaches PostgreSQL and WAHA through lines.
    pub(super) fn environment_through(
        &self,
        port: &Port,
        database: &Proxy,
        waha: &Proxy,
    ) -> Environment {
        let setup = self.setup.clone().set("PUBLIC_URL", self.port.url());
        let setup = setup.database_through(database).waha_through(waha);
        let direct = self.database.connect_options();
        setup.environment(&direct, &self.waha.base_url(), port.address())
    }

    /// A process on the site's own port.
    pub(super) async fn serve(&self) -> Process {
        Process::serve(&self.environment(&self.port)).await
    }

    /// The administrator of a new tenant, signed in.
    pub(super) async fn tenant(&self) -> Caller {
        self.tenant_at(&self.port).await
    }

    /// The same, signed in at a port.
    pub(super) async fn tenant_at(&self, port: &Port) -> Caller {
        let tenant = self.directory.tenant().await;
        let account = self.directory.user(tenant, Role::TenantAdmin).await;
        Caller::nobody(port.url()).sign_in(&account).await
    }

    /// How often each text was really sent.
    pub(super) fn sends(&self) -> BTreeMap<String, usize> {
        let mut sends = BTreeMap::new();
        for entry in self.waha.ledger().into_iter().filter(LedgerEntry::is_sent) {
            *sends.entry(entry.text).or_default() += 1;
        }
        sends
    }
}

/// Every message of a session by its text, with its status; all of them, however many pages.
async fn statuses(tenant: &Caller, session: &Session) -> BTreeMap<String, String> {
    let mut statuses = BTreeMap::new();
    let mut query = format!("limit=100&sessionId={}", session.id);
    loop {
        let page = tenant.get(&format!("/messages?{query}")).await.expect(200);
        for row in page.rows() {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            statuses.insert(text("body"), text("status"));
        }
        match &page.body["meta"]["nextCursor"] {
            Value::String(cursor) => {
                query = format!("limit=100&sessionId={}&cursor={cursor}", session.id);
            }
            _ => return statuses,
        }
    }
}

/// Waits until every one of these texts is at its end, or in doubt for good; answers how each stands.
pub(super) async fn settled(
    tenant: &Caller,
    session: &Session,
    texts: &[String],
) -> BTreeMap<String, String> {
    let look = async || statuses(tenant, session).await;
    let is_settled = |seen: &BTreeMap<String, String>| {
        let at_end = ["sent", "delivered", "read", "unknown"];
        let status = |text: &String| seen.get(text).map(String::as_str);
        texts.iter().all(|text| status(text).is_some_and(|status| at_end.contains(&status)))
    };
    within(SETTLED_WITHIN, "every accepted message is settled", look, is_settled).await
}
