-- Texts have one rule since this version (shared/text). What was written before gets its normal form here; text_repairs keeps each
-- old text and why it changed, for people: names that became the same are told apart by a number behind the younger one.
create table text_repairs (
    id          bigint      generated always as identity primary key,
    table_name  text        not null,
    row_id      uuid        not null,
    column_name text        not null,
    before      text        not null,
    after       text        not null,
    reason      text        not null check (reason in ('normal form', 'nothing visible', 'too long', 'twin')),
    repaired_at timestamptz not null default now()
);

-- What names are compared by: case, joiners and variation selectors do not tell two names apart.
create function text_key(value text) returns text immutable strict parallel safe language sql
return lower(regexp_replace(normalize(value, NFC), '[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]', '', 'g') collate "und-x-icu");

-- The normal form of a stored text, without what the rule refuses.
create function text_repaired(value text, lines boolean) returns text immutable language plpgsql as $$
begin
    -- Line breaks of all kinds become one kind, or a space in a line.
    value := regexp_replace(value, '\r\n|[\r\v\f\u0085\u2028\u2029]', E'\n', 'g');
    if not lines then
        value := regexp_replace(value, '[\n\t]', ' ', 'g');
    end if;
    -- Control characters, directions, fillers and formats that nobody sees, noncharacters, private use, U+FFFD, tags.
    value := regexp_replace(value, '[\u0001-\u0008\u000E-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F'
        || '\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uE000-\uF8FF\uFDD0-\uFDEF\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFD-\uFFFF'
        || '\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E00FF\U000E01F0-\U0010FFFF]', '', 'g');
    value := regexp_replace(value, '[ \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]+', ' ', 'g');
    -- Joiners that join nothing, and selectors that select nothing.
    value := regexp_replace(value, '([\u200C\u200D])[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '([\uFE00-\uFE0F\U000E0100-\U000E01EF])[\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '(^|\s)[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '[\u200C\u200D]+(\s|$)', '\1', 'g');
    value := regexp_replace(value, ' *\n *', E'\n', 'g');
    return normalize(btrim(regexp_replace(value, ' +', ' ', 'g'), E' \n\t'), NFC);
end $$;

-- A repaired text within its limit: a normal form can have more characters than the text that it was made of.
create function text_cut(value text, characters int) returns text immutable language sql
return rtrim(left(value, characters), E' \n\t\u200C\u200D');

-- The name of a twin, with the number that tells it apart, within its limit.
create function text_numbered(value text, number int, characters int) returns text immutable language sql
return text_cut(value, characters - length(' (' || number || ')')) || ' (' || number || ')';

-- Whether nothing of a repaired text can be seen: spaces, blank braille cells and combining marks alone.
create function text_blank(value text) returns boolean immutable language sql
return value !~ '[^\s\u2800\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u0610-\u061A\u064B-\u065F\u0900-\u0903\u1AB0-\u1AFF\u1DC0-\u1DFF\u200C\u200D\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F\U000E0100-\U000E01EF]';

drop index categories_name;
with repaired as (
    select id, name as before, text_repaired(name, false) as whole, text_cut(text_repaired(name, false), 100) as after from categories
), named as (
    select id, before, case when text_blank(after) then 'Unnamed' else after end as after,
        case when text_blank(after) then 'nothing visible' when after <> whole then 'too long' else 'normal form' end as reason
    from repaired
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'categories', id, 'name', before, after, reason from named where after <> before
)
update categories c set name = n.after, version = version + 1 from named n where n.id = c.id and n.after <> n.before;

-- The older of two twins keeps its name. The younger gets the first number that is free.
do $$
declare
    twin record;
    number int;
    taken text;
begin
    for twin in
        select id, name from (
            select id, name, row_number() over (partition by text_key(name) order by created_at, id) as place from categories
        ) places where place > 1 order by id
    loop
        number := 2;
        loop
            taken := text_numbered(twin.name, number, 100);
            exit when not exists (select from categories where text_key(name) = text_key(taken));
            number := number + 1;
        end loop;
        update categories set name = taken, version = version + 1 where id = twin.id;
        insert into text_repairs (table_name, row_id, column_name, before, after, reason)
        values ('categories', twin.id, 'name', twin.name, taken, 'twin');
    end loop;
end $$;
create unique index categories_name on categories (text_key(name));

with repaired as (
    select id, name as before, text_repaired(name, false) as whole, text_cut(text_repaired(name, false), 200) as after from products
), named as (
    select id, before, case when text_blank(after) then 'Unnamed' else after end as after,
        case when text_blank(after) then 'nothing visible' when after <> whole then 'too long' else 'normal form' end as reason
    from repaired
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'products', id, 'name', before, after, reason from named where after <> before
)
update products p set name = n.after, version = version + 1, updated_at = now() from named n where n.id = p.id and n.after <> n.before;

with repaired as (
    select id, description as before, text_repaired(description, true) as whole, text_cut(text_repaired(description, true), 10000) as after from products where description <> ''
), seen as (
    select id, before, case when text_blank(after) then '' else after end as after,
        case when text_blank(after) then 'nothing visible' when after <> whole then 'too long' else 'normal form' end as reason
    from repaired
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'products', id, 'description', before, after, reason from seen where after <> before
)
update products p set description = s.after, version = version + 1, updated_at = now() from seen s where s.id = p.id and s.after <> s.before;

-- Attributes: names that become the same within a product are told apart too. One that was in its normal form already keeps its name, and
-- of the others each gets the first number that is free.
create function attributes_repaired(attributes jsonb) returns jsonb immutable language plpgsql as $$
declare
    repaired jsonb := '{}';
    attribute record;
    taken text;
    number int;
begin
    for attribute in
        select key, case when text_blank(name) then 'Unnamed' else name end as name, case when text_blank(value) then '' else value end as value
        from (
            select a.key, text_cut(text_repaired(a.key, false), 64) as name, text_cut(text_repaired(a.value, false), 500) as value
            from jsonb_each_text(attributes) a
        ) cut
        order by name <> key, key collate "C"
    loop
        taken := attribute.name;
        number := 2;
        while repaired ? taken loop
            taken := text_numbered(attribute.name, number, 64);
            number := number + 1;
        end loop;
        repaired := repaired || jsonb_build_object(taken, attribute.value);
    end loop;
    return repaired;
end $$;

with repaired as (
    select id, attributes as before, attributes_repaired(attributes) as after,
        exists (
            select from jsonb_each_text(attributes) a
            where length(text_repaired(a.key, false)) > 64 or length(text_repaired(a.value, false)) > 500
        ) as too_long
    from products where attributes <> '{}'
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'products', id, 'attributes', before::text, after::text, case when too_long then 'too long' else 'normal form' end
    from repaired where after <> before
)
update products p set attributes = r.after, version = version + 1, updated_at = now() from repaired r where r.id = p.id and r.after <> r.before;

drop function attributes_repaired(jsonb);
drop function text_numbered(text, int, int);
drop function text_blank(text);
drop function text_cut(text, int);
drop function text_repaired(text, boolean);
