-- Second factors. Secrets, so beside the log; whether a user signs in with one is in the log alone: rows of a user of
-- whom the log says nothing such mean nothing, and the next enrolment writes over them.

create table second_factors (
    user_id uuid primary key,
    tenant_id uuid not null,
    secret bytea not null, -- of RFC 6238, sealed for this user with AES-256-GCM
    confirmed_at timestamptz, -- null: nobody has shown a code yet
    last_used_step bigint not null default 0 -- a step's code is good once; this is where that is decided
);

-- What gets in when the telephone is lost, each once.
create table backup_codes (
    user_id uuid not null,
    code_hash bytea not null, -- SHA-256; a code has 80 random bits
    used_at timestamptz,
    primary key (user_id, code_hash)
);

-- The challenges, between a right password and a right code, that have led to a login session. Each does so once.
create table spent_challenges (
    id uuid primary key,
    expires_at timestamptz not null
);

create index spent_challenges_by_expiry on spent_challenges (expires_at);
