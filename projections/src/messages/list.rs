//! The queries behind a list of messages. Only the conditions asked for are written, so that PostgreSQL can plan
//! for exactly those.

use domain::id::TenantId;
use sqlx::{Postgres, QueryBuilder};

use super::filter::MessageFilter;
use crate::batch::{storable_text, storable_time};
use crate::page::{self, Page};

/// The rows of a page, and one more.
pub(super) fn push_rows(
    query: &mut QueryBuilder<Postgres>,
    tenant: TenantId,
    filter: &MessageFilter,
    page: Page,
) {
    query.push("select * ");
    push_selection(query, tenant, filter);
    page.push(query, "created_at");
}

/// How many there are on all pages.
pub(super) fn push_count(
    query: &mut QueryBuilder<Postgres>,
    tenant: TenantId,
    filter: &MessageFilter,
) {
    page::push_count(query, |query| push_selection(query, tenant, filter));
}

fn push_selection(query: &mut QueryBuilder<Postgres>, tenant: TenantId, filter: &MessageFilter) {
    // Why a search reads a view of its own is told in the migration.
    let table = if filter.search.is_some() { "searchable_messages" } else { "messages" };
    query.push(format_args!("from {table} where tenant_id = ")).push_bind(tenant.0);
    if let Some(session_id) = filter.session_id {
        query.push(" and session_id = ").push_bind(session_id.0);
    }
    if let Some(direction) = filter.direction {
        query.push(" and direction = ").push_bind(direction.as_str());
    }
    if let Some(status) = filter.status {
        query.push(" and status = ").push_bind(status.as_str());
    }
    if let Some(kind) = filter.kind {
        query.push(" and type = ").push_bind(kind.as_str());
    }
    if let Some(to) = &filter.to {
        query.push(" and recipient = ").push_bind(storable_text(to));
    }
    if let Some(from) = &filter.from {
        query.push(" and sender = ").push_bind(storable_text(from));
    }
    if let Some(from_date) = filter.from_date {
        query.push(" and created_at >= ").push_bind(storable_time(from_date));
    }
    if let Some(to_date) = filter.to_date {
        query.push(" and created_at < ").push_bind(storable_time(to_date));
    }
    if let Some(reference) = &filter.client_reference {
        query.push(" and client_reference = ").push_bind(storable_text(reference));
    }
    if let Some(search) = &filter.search {
        query.push(" and text ilike ").push_bind(containing(search));
    }
}

/// The pattern of every text that contains this one.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in storable_text(text).chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_meant_literally() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }
}
