-- What is counted, and reserved, where people sign in. Operational: none of it is in the log, nor rebuilt from it.

-- How often something happened within a window of time, exact over all processes: sign-ins tried from an address,
-- passwords that were wrong. A window begins with the first; what is older counts no more.
create table request_counts (
    class text not null,
    key text not null,
    ends_at timestamptz not null,
    count integer not null,
    primary key (class, key)
);

create index request_counts_by_end on request_counts (ends_at);

-- The login sessions a user may have at a time: a seat each. Which of them are over is in the log; their seats are
-- given up when the next one is wanted.
create table login_seats (
    login_session_id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    taken_at timestamptz not null default now()
);

create index login_seats_by_user on login_seats (tenant_id, user_id, taken_at);
