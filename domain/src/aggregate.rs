//! The decider: how every aggregate is written.

/// Something with a history and rules about what may happen next.
///
/// `decide` refuses or yields events; `evolve` folds them. Both are total and synchronous: what
/// would need the outside (now, a new id, a looked-up fact) is a field of the command. An empty
/// list of events means "already so", which makes repeats harmless by construction.
pub trait Aggregate: Default + Clone + Send + Sync + Sized + 'static {
    /// What is asked, in the imperative.
    type Command: Clone;
    /// What happened, in the past tense.
    type Event;
    /// Why a command is refused.
    type Rejection;
    /// The kind of stream the aggregate lives in.
    const CATEGORY: crate::stream::Category;

    /// The events that follow from `command`, or why nothing may happen.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The state after `event`. Never validates: history is history.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;

    /// The state after `history`, oldest first.
    fn replay<'a>(history: impl IntoIterator<Item = &'a Self::Event>) -> Self
    where
        Self::Event: 'a,
    {
        history.into_iter().fold(Self::default(), Self::evolve)
    }
}
