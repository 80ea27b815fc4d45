-- What the search in messages needs: indexes of parts of words, beside a tenant's id.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
