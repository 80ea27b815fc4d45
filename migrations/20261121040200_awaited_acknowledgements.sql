-- The webhook saga: messages handed to WAHA that WhatsApp has not acknowledged yet. A fold of the log, leases excepted.
create table awaited_acknowledgements (
    message_id uuid primary key,
    tenant_id uuid not null,
    attempt integer not null,
    since timestamptz not null,
    -- WhatsApp's acknowledgement was read before the event that the message was sent: nothing is awaited. Kept for a
    -- while, so that this event finds it.
    is_acknowledged boolean not null,
    -- Who reports that it is overdue, until when.
    lease_until timestamptz
);

create index awaited_acknowledgements_by_age on awaited_acknowledgements (since);
