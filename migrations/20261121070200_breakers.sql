-- Whether calls are made to a WAHA server, or through a session there, while they keep failing. Beside the queue like leases
-- and tokens, and not a fold of the log: what it says is true now or not at all. No row: they are made.
create table breakers (
    server text not null,
    -- All zero: the server itself.
    session_id uuid not null default '00000000-0000-0000-0000-000000000000',
    failures integer not null default 0,
    openings integer not null default 0,
    -- While not null, no calls are made; from then on somebody may ask how it is.
    open_until timestamptz,
    -- What was last told of a failure, and when anything was last noted.
    reason text,
    noted_at timestamptz not null default now(),
    -- Who asks, until when.
    probe_owner uuid,
    probe_until timestamptz,
    -- When calls began to be made again: they begin slowly.
    closed_at timestamptz,
    primary key (server, session_id)
);

create index breakers_to_probe on breakers (open_until) where open_until is not null;

-- Servers nobody calls: an operator says so, or their breaker is open.
create view uncalled_servers as
select name as server from waha_servers where state = 'down'
union all
select server from breakers
where session_id = '00000000-0000-0000-0000-000000000000' and open_until is not null;

-- Since when a session works.
alter table delivery_sessions add column working_since timestamptz;

-- The share of its pace and of its calls at a time that a session may use: a quarter at first, after it began to work or a
-- breaker has closed, and all of it `seconds` later.
create function ramp_share(session_id uuid, server text, working_since timestamptz, seconds double precision)
returns double precision language sql stable as $$
    select case when $4 <= 0 then 1.0 else least(1.0, 0.25 + 0.75 / $4 * extract(epoch from now() - greatest(
        $3,
        (select closed_at from breakers b where b.server = $2 and b.session_id = $1),
        (select closed_at from breakers b
         where b.server = $2 and b.session_id = '00000000-0000-0000-0000-000000000000'))))
    end::double precision
$$;
