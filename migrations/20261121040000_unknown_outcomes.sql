-- The delivery saga: messages whose outcome is unknown and which are looked for in WAHA. A fold of the log, leases and
-- tries excepted. A message is here only while it is set aside in `delivery_jobs`, and not for ever: the looks are
-- counted in the log.
create table unknown_outcomes (
    message_id uuid primary key,
    -- When to look; of the first look, since when its wait is counted.
    due_at timestamptz not null,
    is_first boolean not null,
    -- Times WAHA was away when it was to be looked at.
    tries integer not null default 0,
    -- Who looks, until when.
    lease_owner uuid,
    lease_until timestamptz
);

create index unknown_outcomes_by_due on unknown_outcomes (due_at);
-- A chat's messages in doubt: which of them an echo stands for.
create index delivery_jobs_in_doubt on delivery_jobs (session_id, chat_id) where is_parked;

-- Those that are in doubt already.
insert into unknown_outcomes (message_id, due_at, is_first)
    select message_id, now(), true from delivery_jobs where is_parked;
