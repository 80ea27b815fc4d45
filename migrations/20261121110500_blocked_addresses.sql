-- The addresses that were blocked and not unblocked since; a block may be over.
create table blocked_addresses (
    id uuid primary key,
    address text not null,
    reason text not null,
    blocked_until timestamptz, -- null: until somebody unblocks it
    blocked_at timestamptz not null
);

create index blocked_addresses_newest on blocked_addresses (blocked_at, id);
