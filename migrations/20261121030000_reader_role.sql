-- The role under which tenants' queries run. It can read the tenants' read models and nothing else, and each
-- table's row-level security shows it one tenant's rows only: the tenant named by `heliograph.tenant_id` for
-- the transaction. It is the second wall; the first is that every query names its tenant itself.
--
-- Nobody signs in as it: the engine's own role takes it on for a transaction (`set local role`).
--
-- Roles belong to the whole cluster, so several databases may be migrated at once and find it missing together.
do $$
begin
    if not exists (select from pg_roles where rolname = 'heliograph_reader') then
        create role heliograph_reader nologin;
    end if;
exception
    when duplicate_object or unique_violation then
        null; -- another migration made it meanwhile
    when insufficient_privilege then
        raise exception 'role heliograph_reader is missing, and % may not create roles', current_user
            using hint = format(
                'as a superuser, run: create role heliograph_reader nologin; grant heliograph_reader to %I;',
                current_user
            );
end
$$;

-- The engine must be able to take it on. Tried before granted: whoever already can may lack the right to grant.
do $$
begin
    for attempt in 1..10 loop
        begin
            set local role heliograph_reader;
            reset role;
            exit;
        exception when insufficient_privilege or invalid_parameter_value then
            null; -- not granted yet; or another migration has just made the role, and it is not seen here yet
        end;
        begin
            execute format('grant heliograph_reader to %I', current_user);
            exit;
        exception
            when unique_violation or internal_error or undefined_object then
                perform pg_sleep(0.05); -- another migration is granting it ("tuple concurrently updated")
            when insufficient_privilege then
                raise exception '% may not take on the role heliograph_reader', current_user
                    using hint = format(
                        'as a superuser, run: grant heliograph_reader to %I;', current_user
                    );
        end;
    end loop;

    execute format('grant usage on schema %I to heliograph_reader', current_schema());
end
$$;

-- The tenant whose rows the transaction may see; null, which equals nothing, when none is set.
create function current_tenant() returns uuid language sql stable parallel safe as $$
    select nullif(current_setting('heliograph.tenant_id', true), '')::uuid
$$;
