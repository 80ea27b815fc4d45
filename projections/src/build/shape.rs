//! What tables are like: two that shall be exchanged must be the same in all but their rows.

use sqlx::{FromRow, PgConnection};

use super::BuildError;

/// A line for everything there is to say of the relations in schema $1 that $2 has too, in the same words wherever
/// they are.
const SHAPE: &str = "
    with relation as (
        select oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, reloptions
        from pg_class
        where relnamespace = quote_ident($1)::regnamespace and relkind in ('r', 'p', 'v', 'm')
            and relname in (select relname from pg_class where relnamespace = quote_ident($2)::regnamespace)
    ),
    line (told) as (
        select format('%s is of kind %s, owner %s, row security %s %s, options %s', relname, relkind,
            relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions) from relation
        union all
        select format('%s column %s is %s %s, collation %s, null %s, default %s, grants %s', relname,
            row_number() over (partition by attrelid order by attnum), attname,
            format_type(atttypid, atttypmod), attcollation::regcollation, not attnotnull,
            (select pg_get_expr(adbin, adrelid) from pg_attrdef
                where adrelid = attrelid and adnum = attnum), attacl)
        from relation join pg_attribute on attrelid = relation.oid
        where attnum > 0 and not attisdropped
        union all
        select format('%s constraint %s: %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
        from relation join pg_constraint on conrelid = relation.oid
        union all
        select format('%s index: %s, valid %s', relname, pg_get_indexdef(indexrelid), indisvalid)
        from relation join pg_index on indrelid = relation.oid
        union all
        select format('%s policy %s for %s to %s: %s, %s', relname, polname, polcmd,
            polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
        from relation join pg_policy on polrelid = relation.oid
        union all
        select format('%s trigger: %s', relname, pg_get_triggerdef(pg_trigger.oid))
        from relation join pg_trigger on tgrelid = relation.oid where not tgisinternal
        union all
        select format('%s selects: %s', relname, pg_get_viewdef(oid)) from relation
        where relkind in ('v', 'm')
        union all
        select format('%s grants %s to %s, grantable %s', relname, privilege_type, grantee::regrole,
            is_grantable)
        from relation, aclexplode(coalesce(relacl, acldefault('r', relowner)))
    )
    select replace(replace(told, quote_ident($1) || '.', ''), quote_ident($2) || '.', '') as told
    from line order by 1";

#[derive(FromRow)]
struct Line {
    told: String,
}

/// Refuses tables that are not like the live ones.
pub(super) async fn check(
    connection: &mut PgConnection,
    name: &'static str,
    schema: &str,
    live_schema: &str,
) -> Result<(), BuildError> {
    let new = of(connection, schema, live_schema).await?;
    let live = of(connection, live_schema, schema).await?;
    let only = |these: &[String], those: &[String], whose: &str| -> Vec<String> {
        let only = these.iter().filter(|line| !those.contains(line));
        only.map(|line| format!("  {whose}: {line}")).collect()
    };
    let lines =
        [only(&live, &new, "only in the live view"), only(&new, &live, "not in the live view")]
            .concat();
    if lines.is_empty() { Ok(()) } else { Err(BuildError::OtherShape { name, lines }) }
}

async fn of(
    connection: &mut PgConnection,
    schema: &str,
    other: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let lines: Vec<Line> =
        sqlx::query_as(SHAPE).bind(schema).bind(other).fetch_all(connection).await?;
    Ok(lines.into_iter().map(|line| line.told).collect())
}
