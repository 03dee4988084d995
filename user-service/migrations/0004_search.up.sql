-- Searching users looks for a part of the address or of the name, in an index of all parts that are one, two or three characters long.
-- It is built of what every PostgreSQL has: pg_trgm would need a right that the service's role does not have.

-- The parts of a text that have so many characters.
create function text_parts(value text, shortest int, longest int) returns text[] immutable strict parallel safe cost 10000 language sql
return (
    select coalesce(array_agg(substr(value, place, characters)), '{}')
    from generate_series(shortest, longest) characters, generate_series(1, length(value) - characters + 1) place
);

-- What is searched: the address, and the name as names are compared. No search has a line break, so none finds a part of both.
alter table users add column searched text collate "C" generated always as (email || E'\n' || text_key(name)) stored;

create index users_searched on users using gin (text_parts(searched, 1, 3));

-- Without statistics of the parts a search for a frequent one would read them all from the index.
analyze users;
