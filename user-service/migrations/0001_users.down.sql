DROP TABLE sessions;
DROP FUNCTION sessions_guard();
DROP TABLE users;
