-- Mail that is to be sent. A row is what is to be said and to whom; the token in it is made when it is sent, so no token
-- is ever here. Rows come from requests and, by the mail saga, from the log.
create table mails (
    id uuid primary key,
    kind text not null,
    email text not null,
    tenant_id uuid, -- null: asked for by address, in any tenant
    user_id uuid, -- null: asked for by address; whether there is such an account is seen when it is sent
    expires_at timestamptz not null, -- pointless afterwards: it is not sent any more
    due_at timestamptz not null default now(),
    tries integer not null default 0,
    lease_until timestamptz
);

create index mails_by_due on mails (due_at);
create index mails_by_expiry on mails (expires_at);

-- The tokens in mails, as SHA-256: each is good once, for one purpose, for a while, and until the next is made.
create table mailed_tokens (
    token_hash bytea primary key,
    purpose text not null,
    tenant_id uuid not null,
    user_id uuid not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index mailed_tokens_by_user on mailed_tokens (user_id, purpose);
create index mailed_tokens_by_expiry on mailed_tokens (expires_at);
