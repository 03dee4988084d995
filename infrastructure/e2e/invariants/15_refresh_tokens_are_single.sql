-- always: a sign-in has one current refresh token; a second row for a session or a token would be a second one.
SELECT id::text, count(*)
FROM user_service.sessions
GROUP BY id
HAVING count(*) > 1
UNION ALL
SELECT encode(refresh_hash, 'hex'), count(*)
FROM user_service.sessions
WHERE revoked_at IS NULL
GROUP BY refresh_hash
HAVING count(*) > 1;
