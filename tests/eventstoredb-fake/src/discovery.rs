//! What clients ask before anything else.

use std::net::SocketAddr;

use tonic::{Request, Response, Status, async_trait};

use crate::protocol::gossip::gossip_server::Gossip;
use crate::protocol::gossip::member_info::VNodeState;
use crate::protocol::gossip::{ClusterInfo, EndPoint, MemberInfo};
use crate::protocol::server_features::server_features_server::ServerFeatures;
use crate::protocol::server_features::{SupportedMethod, SupportedMethods};

/// A cluster of one.
#[derive(Debug, Clone)]
pub(crate) struct Discovery {
    pub(crate) address: SocketAddr,
    pub(crate) version: &'static str,
}

#[async_trait]
impl Gossip for Discovery {
    async fn read(&self, _: Request<()>) -> Result<Response<ClusterInfo>, Status> {
        let end_point =
            EndPoint { address: self.address.ip().to_string(), port: self.address.port().into() };
        let leader = MemberInfo {
            state: VNodeState::Leader.into(),
            is_alive: true,
            http_end_point: Some(end_point),
            ..MemberInfo::default()
        };
        Ok(Response::new(ClusterInfo { members: vec![leader] }))
    }
}

#[async_trait]
impl ServerFeatures for Discovery {
    async fn get_supported_methods(
        &self,
        _: Request<()>,
    ) -> Result<Response<SupportedMethods>, Status> {
        let method = |name: &str| SupportedMethod {
            method_name: name.to_owned(),
            service_name: "event_store.client.streams.streams".to_owned(),
            features: Vec::new(),
        };
        Ok(Response::new(SupportedMethods {
            methods: ["append", "read"].map(method).into(),
            event_store_server_version: self.version.to_owned(),
        }))
    }
}
