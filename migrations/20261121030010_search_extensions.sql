-- What the search in messages needs: indexes of parts of words.
create extension if not exists pg_trgm;
