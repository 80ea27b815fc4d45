-- Counts of messages, kept beside them in the same transaction, so that statistics never read the messages.
-- Invariant: a count equals what counting the messages themselves would give.
create table message_counts (
    tenant_id uuid not null,
    hour timestamptz not null, -- in which the message was created
    session_id uuid not null,
    direction text not null,
    type text not null,
    country text not null, -- 'unknown' where the number does not tell
    status text not null,
    messages bigint not null, -- a change is written as a difference, so a cell may reach nought and stays
    primary key (tenant_id, hour, session_id, direction, type, country, status)
);

-- How long messages took, counted in buckets: bucket n holds times of more than 2^((n-1)/4) and at most
-- 2^(n/4) milliseconds, so a percentile read from it is at most 19 % above the truth.
create table message_latencies (
    tenant_id uuid not null,
    hour timestamptz not null, -- in which the message was created
    milestone text not null check (milestone in ('sent', 'delivered')),
    bucket integer not null,
    messages bigint not null,
    primary key (tenant_id, hour, milestone, bucket)
);

alter table message_counts enable row level security;
create policy own_tenant on message_counts for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on message_counts to heliograph_reader;

alter table message_latencies enable row level security;
create policy own_tenant on message_latencies for select to heliograph_reader
    using (tenant_id = current_tenant());
grant select on message_latencies to heliograph_reader;
