-- What the sagas remember (a fold of the log, rebuilt by emptying it and its checkpoint), and the secrets
-- that must never be in the log.

-- How far each saga has read. Moved by compare-and-set in the transaction that holds what was read, so an
-- event counts once, whoever reads.
create table saga_checkpoints (
    saga text primary key,
    first bigint not null default 0,
    second bigint not null default 0,
    -- The greatest fencing token seen: an earlier owner of the lease moves nothing.
    fence bigint not null default 0,
    -- Why it stands still; null while it moves.
    error text,
    updated_at timestamptz not null default now()
);

-- Work that one process does at a time. `fence`, the fencing token, grows with every change of owner.
create table leases (
    name text primary key,
    owner uuid not null,
    fence bigint not null,
    expires_at timestamptz not null
);

-- The delivery saga: sessions, with their pace.
create table delivery_sessions (
    session_id uuid primary key,
    tenant_id uuid not null,
    waha_session text not null,
    status text not null,
    engine text,
    -- Token bucket: what was left, and when that was.
    tokens double precision not null default 1,
    refilled_at timestamptz not null default 'epoch',
    -- Messages given to it so far, and when last: whose turn it is.
    served bigint not null default 0,
    served_at timestamptz not null default 'epoch',
    -- Messages waiting.
    queued bigint not null default 0
) with (fillfactor = 70);

-- The delivery saga: messages on their way. Narrow; what a message says is in the log.
create table delivery_jobs (
    message_id uuid primary key,
    tenant_id uuid not null,
    session_id uuid not null,
    chat_id text not null,
    priority smallint not null,
    -- Its place in its chat: when it may go, then in order of arrival.
    ready_at timestamptz not null,
    arrival bigint generated always as identity,
    -- Not before: ready_at, or later after a refusal.
    due_at timestamptz not null,
    expires_at timestamptz,
    -- First of its chat; the others wait, which keeps a chat's order.
    is_head boolean not null default false,
    -- Its outcome is unknown: kept, not sent.
    is_parked boolean not null default false,
    -- Who has it, until when. `fence` grows with every claim.
    lease_owner uuid,
    lease_until timestamptz,
    fence bigint not null default 0
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

create index delivery_jobs_by_chat on delivery_jobs (session_id, chat_id, ready_at, arrival)
    where not is_parked;
-- One message of a chat at a time: the order of a chat, held by the database.
create unique index delivery_jobs_one_head on delivery_jobs (session_id, chat_id) where is_head;
create index delivery_jobs_by_priority on delivery_jobs (session_id, priority, due_at)
    where is_head and lease_owner is null;
create index delivery_jobs_by_age on delivery_jobs (session_id, due_at)
    where is_head and lease_owner is null;
create index delivery_jobs_in_flight on delivery_jobs (session_id) where lease_owner is not null;
create index delivery_jobs_by_lease on delivery_jobs (lease_until) where lease_owner is not null;
create index delivery_jobs_by_expiry on delivery_jobs (expires_at)
    where expires_at is not null and lease_owner is null and not is_parked;

-- The session saga: what is to be done in WAHA.
create table session_actions (
    session_id uuid primary key,
    tenant_id uuid not null,
    action text not null,
    due_at timestamptz not null default now(),
    tries integer not null default 0,
    lease_owner uuid,
    lease_until timestamptz
);

create index session_actions_by_due on session_actions (due_at);

-- The webhook saga: which message of ours a WhatsApp id stands for.
create table message_identities (
    session_id uuid not null,
    waha_message_id text not null,
    message_id uuid not null,
    tenant_id uuid not null,
    primary key (session_id, waha_message_id)
);

-- The webhook saga: news of messages whose id is not known yet, because WAHA's acknowledgement was faster
-- than its answer.
create table held_acknowledgements (
    session_id uuid not null,
    waha_message_id text not null,
    ack text not null,
    at timestamptz not null,
    held_at timestamptz not null default now(),
    primary key (session_id, waha_message_id, ack)
);

create index held_acknowledgements_by_age on held_acknowledgements (held_at);

-- Secrets. An e-mail address belongs to one user of a tenant: this table is where that is decided.
create table credentials (
    user_id uuid primary key,
    tenant_id uuid not null,
    email text not null,
    password_hash text not null,
    unique (email, tenant_id)
);

-- The key each session's webhooks are signed with. A name belongs to one session of a tenant: this table is
-- where that is decided, before the session's first event.
create table session_keys (
    session_id uuid primary key,
    tenant_id uuid not null,
    name text not null,
    waha_session text not null unique,
    webhook_secret text not null,
    unique (tenant_id, name)
);
