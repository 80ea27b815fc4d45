-- Requests that came with an Idempotency-Key: what is asked under it, and the answer once there is one. Neither keys nor
-- answers can be read here: of a key there is a hash, and an answer is sealed under a secret of the server and the key.
create table idempotency_keys (
    -- SHA-256 of tenant, user where it is about the one who asks, route and key.
    scope bytea primary key,
    tenant_id uuid not null,
    -- What was first asked under the key: HMAC of key, query and body, after four bytes that tell which secret made it.
    fingerprint bytea not null,
    -- What everything the request makes is named after. A key that is taken up again after its time gets another.
    command_id uuid not null,
    -- How often it was begun; whoever was overtaken keeps no answer.
    fence integer not null,
    -- Somebody is at it until then, and renews it.
    lease_until timestamptz not null,
    -- Null: there is none yet.
    answer bytea,
    expires_at timestamptz not null
) with (fillfactor = 80);

create index idempotency_keys_to_sweep on idempotency_keys (expires_at);
