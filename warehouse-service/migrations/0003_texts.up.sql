-- Texts have one rule since this version (shared/text). Names that were written before get their normal form here; text_repairs keeps
-- each old text and why it changed, for people. Warehouses are unique by their code and suppliers are no records of their own, so
-- names that become the same may stay so.
create table text_repairs (
    id          bigint      generated always as identity primary key,
    table_name  text        not null,
    row_id      uuid        not null,
    column_name text        not null,
    before      text        not null,
    after       text        not null,
    reason      text        not null check (reason in ('normal form', 'nothing visible', 'too long')),
    repaired_at timestamptz not null default now()
);

-- The normal form of a stored name, without what the rule refuses.
create function text_repaired(value text) returns text immutable language plpgsql as $$
begin
    value := regexp_replace(value, '[\u0001-\u001F\u0085\u2028\u2029 \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]+', ' ', 'g');
    -- Control characters, directions, fillers and formats that nobody sees, noncharacters, private use, U+FFFD, tags.
    value := regexp_replace(value, '[\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F'
        || '\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uE000-\uF8FF\uFDD0-\uFDEF\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFD-\uFFFF'
        || '\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E00FF\U000E01F0-\U0010FFFF]', '', 'g');
    -- Joiners that join nothing, and selectors that select nothing.
    value := regexp_replace(value, '([\u200C\u200D])[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '([\uFE00-\uFE0F\U000E0100-\U000E01EF])[\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '(^| )[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '[\u200C\u200D]+( |$)', '\1', 'g');
    return normalize(btrim(regexp_replace(value, ' +', ' ', 'g')), NFC);
end $$;

-- A repaired text within its limit: a normal form can have more characters than the text that it was made of.
create function text_cut(value text, characters int) returns text immutable language sql
return rtrim(left(value, characters), E' \n\t\u200C\u200D');

-- Whether nothing of a repaired text can be seen: spaces, blank braille cells and combining marks alone.
create function text_blank(value text) returns boolean immutable language sql
return value !~ '[^\s\u2800\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u0610-\u061A\u064B-\u065F\u0900-\u0903\u1AB0-\u1AFF\u1DC0-\u1DFF\u200C\u200D\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F\U000E0100-\U000E01EF]';

with repaired as (
    select id, name as before, text_repaired(name) as whole, text_cut(text_repaired(name), 200) as after from warehouses
), named as (
    select id, before, case when text_blank(after) then 'Unnamed' else after end as after,
        case when text_blank(after) then 'nothing visible' when after <> whole then 'too long' else 'normal form' end as reason
    from repaired
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'warehouses', id, 'name', before, after, reason from named where after <> before
)
update warehouses w set name = n.after, version = version + 1 from named n where n.id = w.id and n.after <> n.before;

with repaired as (
    select id, supplier as before, text_repaired(supplier) as whole, text_cut(text_repaired(supplier), 200) as after from supplies
), named as (
    select id, before, case when text_blank(after) then 'Unnamed' else after end as after,
        case when text_blank(after) then 'nothing visible' when after <> whole then 'too long' else 'normal form' end as reason
    from repaired
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'supplies', id, 'supplier', before, after, reason from named where after <> before
)
update supplies s set supplier = n.after, version = version + 1 from named n where n.id = s.id and n.after <> n.before;

drop function text_blank(text);
drop function text_cut(text, int);
drop function text_repaired(text);
