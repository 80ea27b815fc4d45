-- The delivery saga: the registry of WAHA servers. The server `default` is the one of the settings, and is there whether it
-- has a row or not.
create table waha_servers (
    server_id uuid primary key,
    name text not null unique,
    -- Null: where the settings say.
    url text,
    -- Null: any number of sessions.
    capacity integer,
    state text not null check (state in ('active', 'draining', 'down'))
);

-- Every server there is.
create view registered_servers as
select name, url, capacity, state from waha_servers
union all
select 'default', null, null, 'active' where not exists (select from waha_servers where name = 'default');

-- Secrets. The key each server asks for; the one of `default` is a setting. A server without a key takes no sessions:
-- this table is where its removal is decided.
create table waha_server_keys (
    name text primary key,
    api_key text not null
);

-- On which server a session has its place. Decided here, before the session's event says so.
alter table session_keys add column waha_server text not null default 'default';
create index session_keys_by_server on session_keys (waha_server);

-- The delivery saga: on which server a session is, and since when if it was moved.
alter table delivery_sessions
    add column waha_server text not null default 'default',
    add column moved_at timestamptz;
create index delivery_sessions_by_server on delivery_sessions (waha_server);

-- The sessions that are on a server or have their place there: while one is moved, it counts on both.
create view placed_sessions as
select session_id, waha_server from session_keys
union
select session_id, waha_server from delivery_sessions where status <> 'DELETED';
