-- Every attempt to send a message, and how it ended: what a person looks at before redriving a dead letter.
create table message_attempts (
    tenant_id uuid not null,
    message_id uuid not null,
    attempt integer not null,
    started_at timestamptz,
    outcome text check (outcome in ('refused', 'unknown', 'sent', 'rejected')), -- null while it is on its way
    kind text, -- of a refusal
    detail text,
    ended_at timestamptz,
    primary key (tenant_id, message_id, attempt)
);

alter table message_attempts enable row level security;
create policy own_tenant on message_attempts for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on message_attempts to heliograph_reader;
