-- How far each projection has come. A checkpoint moves in the transaction that wrote the view, so every event
-- counts exactly once; whoever holds the row's lock is the projection's one writer.
create table projection_checkpoints (
    projection text primary key, -- with its version: `messages_v1`
    -- The position of the last event applied; 0-0 before the first.
    first bigint not null default 0,
    second bigint not null default 0,
    events_applied bigint not null default 0,
    -- Why it stands still; null while it moves.
    error text,
    -- When it last moved.
    updated_at timestamptz not null default now()
);
