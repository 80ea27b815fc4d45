-- Secrets. The SHA-256 of each OAuth2 client's secret, and of the one before while that is good; public clients have none.
create table oauth_client_secrets (
    client_id uuid primary key,
    tenant_id uuid not null,
    secret_hash bytea check (length(secret_hash) = 32),
    previous_hash bytea check (length(previous_hash) = 32),
    previous_good_until timestamptz
);

-- Authorization codes, by the SHA-256 of each: what a user has consented to. A code is spent once; it is kept for a day, so
-- that one that comes back is known, and what it gave can be ended.
create table authorization_codes (
    code_hash bytea primary key check (length(code_hash) = 32),
    tenant_id uuid not null,
    client_id uuid not null,
    user_id uuid not null,
    redirect_uri text not null,
    code_challenge text not null,
    scopes text not null,
    expires_at timestamptz not null,
    spent_at timestamptz,
    came_back boolean not null default false,
    login_session_id uuid
);

create index authorization_codes_by_age on authorization_codes (expires_at);
