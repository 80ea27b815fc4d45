//! Which streams of a server are ours.

use domain::stream::{Category, StreamName};
use eventstore::SubscriptionFilter;

/// The server looks at this many events of others at a time before it tells how far it has come.
const SEARCH_WINDOW: u32 = 1_000;

/// How our streams are named. A namespace in front sets apart what must not be seen by anybody else: the
/// contract's own events, on a server that is in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Streams {
    namespace: String,
}

impl Streams {
    pub(super) const fn within(namespace: String) -> Self {
        Self { namespace }
    }

    /// The server's name of a stream.
    pub(super) fn name(&self, stream: StreamName) -> String {
        format!("{}{stream}", self.namespace)
    }

    /// Which stream of ours has this name, if one has.
    pub(super) fn parse(&self, name: &str) -> Option<StreamName> {
        StreamName::parse(name.strip_prefix(&self.namespace)?)
    }

    /// Lets through all that is ours, and little else: others may begin their names as we do.
    pub(super) fn filter(&self) -> SubscriptionFilter {
        let filter = SubscriptionFilter::on_stream_name().max(SEARCH_WINDOW);
        Category::ALL.into_iter().fold(filter, |filter, category| {
            filter.add_prefix(format!("{}{}-", self.namespace, category.as_str()))
        })
    }
}
