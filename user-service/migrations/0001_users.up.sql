CREATE TABLE users (
    id             uuid        PRIMARY KEY,
    email          text        NOT NULL CHECK (octet_length(email) <= 254 AND email = btrim(email)),
    name           text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    password_hash  text        NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    roles          text[]      NOT NULL CHECK (
        'customer' = ANY (roles) AND roles <@ ARRAY ['customer', 'seller', 'warehouse', 'support', 'admin']
    ),
    status         text        NOT NULL CHECK (status IN ('active', 'blocked')),
    -- access tokens issued earlier are void: set when roles change or the user is blocked
    revoked_before timestamptz,
    version        int         NOT NULL CHECK (version > 0),
    created_at     timestamptz NOT NULL
);
-- the address is stored in its one normal form (trimmed, lower case, NFC)
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX users_admins ON users (id) WHERE 'admin' = ANY (roles);
CREATE INDEX users_revoked ON users (revoked_before) WHERE revoked_before IS NOT NULL;

-- One row is one sign-in: a family of refresh tokens of which it holds exactly one,
-- the current one, as hash. A second live token of a family cannot be stored; the direct
-- predecessor is honoured until rotated_at + 30 s, by the rules in the domain.
CREATE TABLE sessions (
    id            uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation    int         NOT NULL CHECK (generation > 0),
    refresh_hash  bytea       NOT NULL UNIQUE CHECK (octet_length(refresh_hash) = 32),
    created_at    timestamptz NOT NULL,
    rotated_at    timestamptz NOT NULL CHECK (rotated_at >= created_at),
    expires_at    timestamptz NOT NULL CHECK (expires_at > rotated_at),
    revoked_at    timestamptz,
    revoke_reason text CHECK (
        revoke_reason IN ('logout', 'revoked_by_user', 'password_changed', 'blocked', 'refresh_token_reused')
    ),
    user_agent    text        NOT NULL,
    address       text        NOT NULL,
    CONSTRAINT sessions_revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);
CREATE INDEX sessions_live ON sessions (user_id, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- The last guard of refresh-token rotation: a family moves forward by one generation at a
-- time, always to another token, and one that is revoked never lives again.
CREATE FUNCTION sessions_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        RAISE EXCEPTION 'session % is revoked', OLD.id USING ERRCODE = 'check_violation', CONSTRAINT = 'sessions_revoked_stays';
    END IF;
    IF (NEW.generation, NEW.refresh_hash) = (OLD.generation, OLD.refresh_hash) THEN
        RETURN NEW;
    END IF;
    IF OLD.revoked_at IS NOT NULL
        OR NEW.generation <> OLD.generation + 1
        OR NEW.refresh_hash = OLD.refresh_hash
        OR NEW.rotated_at < OLD.rotated_at
    THEN
        RAISE EXCEPTION 'session % cannot rotate so', OLD.id USING ERRCODE = 'check_violation', CONSTRAINT = 'sessions_rotation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sessions_guard BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION sessions_guard();
