//! Every WAHA server: the one of the settings, and those of the registry.

use std::sync::Arc;

use async_trait::async_trait;
use commands::waha_servers::WahaServers;
use domain::ports::Ambient;
use domain::waha_server::name::ServerName;
use webhook_adapter::outbound::fleet::{DirectoryError, ServerAccess, ServerDirectory, WahaFleet};
use webhook_adapter::outbound::{CONNECT_TIMEOUT_DEFAULT, InvalidOptions, WahaClient, WahaOptions};

use crate::settings::WahaSettings;

/// The registry, as those who call servers ask it.
struct Registry(WahaServers);

#[async_trait]
impl ServerDirectory for Registry {
    async fn access(&self, server: &ServerName) -> Result<Option<ServerAccess>, DirectoryError> {
        let access = self.0.access(server).await.map_err(|error| DirectoryError(error.into()))?;
        Ok(access.map(|access| ServerAccess { url: access.url, api_key: access.api_key }))
    }
}

/// The client of the server that the settings name.
pub(crate) fn own(
    settings: &WahaSettings,
    ambient: Arc<dyn Ambient>,
) -> Result<WahaClient, InvalidOptions> {
    let options = WahaOptions {
        base_url: settings.base_url.to_string(),
        api_key: settings.api_key.clone(),
        webhook_url: Some(settings.webhook_url()),
        request_timeout: settings.timeout,
        connect_timeout: CONNECT_TIMEOUT_DEFAULT,
    };
    WahaClient::new(options, ambient)
}

/// The clients of all servers.
pub(crate) fn fleet(
    settings: &WahaSettings,
    servers: WahaServers,
    ambient: Arc<dyn Ambient>,
) -> Result<Arc<WahaFleet>, InvalidOptions> {
    let own = Arc::new(own(settings, ambient)?);
    Ok(Arc::new(WahaFleet::new(own, Arc::new(Registry(servers)))))
}
