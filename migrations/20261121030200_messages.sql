-- The tenants' messages, sent and received, as they are now.
create table messages (
    -- An id is unique within its tenant, as streams are.
    tenant_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    direction text not null check (direction in ('inbound', 'outbound')),
    recipient text, -- of ours: a number
    sender text, -- of others': a number, or the chat where no number is told
    country text, -- of the number
    body text not null,
    type text not null,
    status text not null check (status in (
        'scheduled', 'queued', 'held', 'sending', 'retrying', 'unknown', 'sent', 'delivered', 'read',
        'played', 'failed', 'expired', 'canceled', 'suppressed'
    )),
    priority text check (priority in ('high', 'normal', 'low')),
    attempts integer not null,
    waha_message_id text,
    client_reference text,
    metadata jsonb not null,
    send_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz not null,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    played_at timestamptz,
    failed_at timestamptz,
    last_error text,
    -- Why it is a dead letter; null unless it is one and nobody has put it away.
    dead_letter_reason text,
    -- Where in the log the last event seen of it is.
    position_first bigint not null,
    position_second bigint not null,
    primary key (tenant_id, id),
    check ((direction = 'outbound') = (recipient is not null)),
    check ((direction = 'inbound') = (sender is not null))
);

-- Lists are newest first, so every index of a filter ends with that order.
create index messages_newest on messages (tenant_id, created_at, id);
create index messages_by_session on messages (tenant_id, session_id, created_at, id);
create index messages_by_status on messages (tenant_id, status, created_at, id);
create index messages_by_recipient on messages (tenant_id, recipient, created_at, id)
    where recipient is not null;
create index messages_by_sender on messages (tenant_id, sender, created_at, id)
    where sender is not null;
create index messages_by_reference on messages (tenant_id, client_reference, created_at, id)
    where client_reference is not null;
create index dead_letters_newest on messages (tenant_id, failed_at, id)
    where dead_letter_reason is not null;

-- Search: any part of the text or of the number. Each condition uses its own column of the index.
create index messages_search on messages
    using gin (tenant_id, body gin_trgm_ops, coalesce(recipient, sender) gin_trgm_ops);

alter table messages enable row level security;
create policy own_tenant on messages for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on messages to heliograph_reader;

-- Search cannot go through row-level security: PostgreSQL applies a policy before any operator that might
-- leak its operands, and `ilike` counts as one, so its index would never be used and a search would read all
-- of a tenant's messages (39 ms against 0.5 ms where there are 25,000). This view is the same wall for search,
-- without that order: it belongs to the table's owner, to whom the policy does not apply, and shows the
-- current tenant's rows alone.
create view searchable_messages as
    select * from messages
    where tenant_id = current_tenant();
grant select on searchable_messages to heliograph_reader;
