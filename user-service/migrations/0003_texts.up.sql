-- Texts have one rule since this version (shared/text), and hosts of e-mail addresses are in ASCII (IDNA). What was written before is
-- brought to that here; text_repairs keeps each old text and why it changed, or could not change, for people.
create table text_repairs (
    id          bigint      generated always as identity primary key,
    table_name  text        not null,
    row_id      uuid        not null,
    column_name text        not null,
    before      text        not null,
    after       text        not null, -- as before, where the address stays what it was
    reason      text        not null check (reason in ('normal form', 'nothing visible', 'too long', 'twin', 'no host')),
    repaired_at timestamptz not null default now()
);

-- What names are compared by: case, joiners and variation selectors do not tell two names apart.
create function text_key(value text) returns text immutable strict parallel safe language sql
return lower(regexp_replace(normalize(value, NFC), '[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]', '', 'g') collate "und-x-icu");

-- The normal form of a stored name, without what the rule refuses.
create function text_repaired(value text) returns text immutable language plpgsql as $$
begin
    value := regexp_replace(value, '[\u0001-\u001F\u0085\u2028\u2029 \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]+', ' ', 'g');
    value := regexp_replace(value, '[\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F'
        || '\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uE000-\uF8FF\uFDD0-\uFDEF\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFD-\uFFFF'
        || '\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E00FF\U000E01F0-\U0010FFFF]', '', 'g');
    value := regexp_replace(value, '([\u200C\u200D])[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '([\uFE00-\uFE0F\U000E0100-\U000E01EF])[\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '(^| )[\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]+', '\1', 'g');
    value := regexp_replace(value, '[\u200C\u200D]+( |$)', '\1', 'g');
    return normalize(btrim(regexp_replace(value, ' +', ' ', 'g')), NFC);
end $$;

-- A repaired text within its limit: a normal form can have more characters than the text that it was made of.
create function text_cut(value text, characters int) returns text immutable language sql
return rtrim(left(value, characters), E' \n\t\u200C\u200D');

with repaired as (
    select id, name as before, text_repaired(name) as whole, text_cut(text_repaired(name), 100) as after from users
), named as (
    select id, before, case when after ~ '^[\s\u2800\u0300-\u036F]*$' then 'Unnamed' else after end as after,
        case when after ~ '^[\s\u2800\u0300-\u036F]*$' then 'nothing visible' when after <> whole then 'too long' else 'normal form' end as reason
    from repaired
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'users', id, 'name', before, after, reason from named where after <> before
)
update users u set name = n.after, version = version + 1 from named n where n.id = u.id and n.after <> n.before;

-- Punycode (RFC 3492) of one label.
create function punycode(label text) returns text immutable language plpgsql as $$
declare
    points int[] := array(select ascii(c) from regexp_split_to_table(label, '') c);
    digits constant text := 'abcdefghijklmnopqrstuvwxyz0123456789';
    n int := 128; delta int := 0; bias int := 72;
    h int; b int; m int; q int; k int; t int; p int; output text;
begin
    output := regexp_replace(label, '[^\u0001-\u007F]', '', 'g');
    h := length(output); b := h;
    if b > 0 then output := output || '-'; end if;
    while h < cardinality(points) loop
        select min(c) into m from unnest(points) c where c >= n;
        delta := delta + (m - n) * (h + 1);
        n := m;
        foreach p in array points loop
            if p < n then delta := delta + 1; end if;
            continue when p <> n;
            q := delta; k := 36;
            loop
                t := case when k <= bias then 1 when k >= bias + 26 then 26 else k - bias end;
                exit when q < t;
                output := output || substr(digits, t + (q - t) % (36 - t) + 1, 1);
                q := (q - t) / (36 - t);
                k := k + 36;
            end loop;
            output := output || substr(digits, q + 1, 1);
            delta := case when h = b then delta / 700 else delta / 2 end;
            delta := delta + delta / (h + 1);
            k := 0;
            while delta > 455 loop delta := delta / 35; k := k + 36; end loop;
            bias := k + 36 * delta / (delta + 38);
            delta := 0;
            h := h + 1;
        end loop;
        delta := delta + 1;
        n := n + 1;
    end loop;
    return output;
end $$;

-- A host's name in ASCII: compatible forms and case as UTS #46 maps them, then each label by itself. Whether it is a name that IDNA allows
-- is not asked: a sign-in looks for the spelling that stands here (text.Spelled).
create function host_in_ascii(host text) returns text immutable language sql
return (select string_agg(case when label ~ '[^\u0001-\u007F]' then 'xn--' || punycode(label) else label end, '.' order by place)
    from regexp_split_to_table(lower(normalize(regexp_replace(host, '[\u3002\uFF0E\uFF61]', '.', 'g'), NFKC) collate "und-x-icu"), '\.')
        with ordinality as labels (label, place));

-- Two accounts whose addresses become one are never merged. One that is in the new form already keeps it, because somebody signs in
-- with it; of the others the oldest gets it. The rest keep the address as it was: no sign-in finds it, and an administrator does
-- by GET /users?query=. Both addresses lead to the same mailbox.
with spelled as (
    select id, email as before, split_part(email, '@', 1) || '@' || host_in_ascii(split_part(email, '@', 2)) as after, created_at
    from users where email ~ '[^\u0001-\u007F]' and split_part(email, '@', 2) ~ '[^\u0001-\u007F]'
), placed as (
    select s.*, row_number() over (partition by after order by created_at, id) > 1
        or exists (select from users u where u.email = s.after) as twin, octet_length(after) > 254 as too_long
    from spelled s
), noted as (
    insert into text_repairs (table_name, row_id, column_name, before, after, reason)
    select 'users', id, 'email', before, case when twin or too_long then before else after end,
        case when twin then 'twin' when too_long then 'no host' else 'normal form' end
    from placed
)
update users u set email = p.after, version = version + 1 from placed p where p.id = u.id and not p.twin and not p.too_long;

drop function host_in_ascii(text);
drop function punycode(text);
drop function text_cut(text, int);
drop function text_repaired(text);
