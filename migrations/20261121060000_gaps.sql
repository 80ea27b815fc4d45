-- The webhook saga: when each session was last heard, and whether something may have been missed since. A fold of the log,
-- leases, tries and suspicions that came to nothing excepted.
create table session_hearing (
    session_id uuid primary key,
    tenant_id uuid not null,
    -- The last webhook, session.* excepted; it stands still while a gap is suspected, whose beginning it is.
    heard_at timestamptz not null,
    -- When it worked first since it was paired; null while it is not. What was said before is not told.
    paired_at timestamptz,
    -- Since when something is suspected to have been missed.
    suspected_at timestamptz,
    -- When WAHA is asked: after a suspicion, or because nothing was heard for long.
    due_at timestamptz not null,
    -- Times WAHA was away when it was to be asked.
    tries integer not null default 0,
    -- Who asks, until when.
    lease_owner uuid,
    lease_until timestamptz
);

create index session_hearing_by_due on session_hearing (due_at);

-- Sessions made before this: what they may have missed lately is looked for once.
insert into session_hearing (session_id, tenant_id, heard_at, paired_at, suspected_at, due_at)
    select session_id, tenant_id, now(), 'epoch', now(), now() from delivery_sessions where status <> 'DELETED';
