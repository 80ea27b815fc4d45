-- Secrets. What is kept of each API key: which key a prefix names, the SHA-256 of its secret, and of the one before
-- while that is good. When a key was last used is operational, and true to the minute.
create table api_key_secrets (
    key_id uuid primary key,
    tenant_id uuid not null,
    prefix text not null unique,
    secret_hash bytea not null check (length(secret_hash) = 32),
    previous_hash bytea check (length(previous_hash) = 32),
    previous_good_until timestamptz,
    last_used_at timestamptz
);
