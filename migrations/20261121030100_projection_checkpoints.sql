-- How far each projection has come. A checkpoint moves in the transaction that wrote the view, so every event
-- counts exactly once; whoever holds the row's lock is the projection's one writer, and only the owner of its lease is.
create table projection_checkpoints (
    projection text primary key,
    version integer not null default 1, -- of the view; each rebuild is the next
    -- The position of the last event applied; 0-0 before the first.
    first bigint not null default 0,
    second bigint not null default 0,
    events_applied bigint not null default 0,
    -- The greatest fencing token seen: an earlier owner of the lease writes nothing.
    fence bigint not null default 0,
    -- Why it stands still, with all that is known; null while it moves.
    error text,
    -- The same without anything the event says, for those who may ask how things are but not what is written.
    error_summary text,
    -- When it last moved.
    updated_at timestamptz not null default now()
);

-- Views being built beside the live ones, each in a schema of its own. One that was interrupted is found here, and
-- dropped, by the next that is built of the same projection.
create table projection_builds (
    projection text primary key,
    id uuid not null default gen_random_uuid(),
    purpose text not null check (purpose in ('rebuild', 'verify')),
    schema_name text not null,
    first bigint not null default 0,
    second bigint not null default 0,
    events_applied bigint not null default 0,
    started_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
