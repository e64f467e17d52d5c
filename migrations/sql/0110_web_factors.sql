-- Second factors, their recovery codes, ceremonies under way, and the counters
-- that slow down guessing in all processes together.

-- +goose Up
-- Who is signed in now signs in anew, with a factor where the role needs one.
DELETE FROM sessions;
ALTER TABLE sessions
    ADD COLUMN factor   text NOT NULL DEFAULT '' CHECK (factor IN ('', 'totp', 'passkey', 'recovery')),
    ADD COLUMN shown_at timestamptz, -- when that factor was last shown in it
    ADD CHECK ((factor = '') = (shown_at IS NULL));

ALTER TABLE api_keys ADD COLUMN elevated boolean NOT NULL DEFAULT false;

-- A TOTP secret must be read again: it is sealed with a key that is not in the
-- database. A passkey is its public half.
CREATE TABLE factors (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL REFERENCES orgs (id),
    user_id       uuid NOT NULL REFERENCES users (id),
    kind          text NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name          text NOT NULL,
    created_at    timestamptz NOT NULL,
    used_at       timestamptz,
    sealed        bytea,
    last_step     bigint NOT NULL DEFAULT 0, -- a code works once: only a later step's is taken
    credential_id bytea UNIQUE,
    credential    jsonb,
    CHECK ((kind = 'totp') = (sealed IS NOT NULL)),
    CHECK ((kind = 'passkey') = (credential_id IS NOT NULL AND credential IS NOT NULL))
);
CREATE INDEX factors_user ON factors (user_id, id);
SELECT hashyard_tenant('factors');

CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users (id),
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    org_id    uuid NOT NULL REFERENCES orgs (id),
    made_at   timestamptz NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);
SELECT hashyard_tenant('recovery_codes');

-- What an enrolment or a passkey's answer is held against. key is a hash of
-- the session it is bound to, or of a cookie where nobody is signed in yet.
CREATE TABLE ceremonies (
    key        bytea PRIMARY KEY CHECK (length(key) = 32),
    data       bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ceremonies_expiry ON ceremonies (expires_at);
SELECT hashyard_system_only('ceremonies');

-- Token buckets; one that is full again says nothing and is swept.
CREATE TABLE tries (
    key     bytea PRIMARY KEY CHECK (length(key) = 32),
    tokens  double precision NOT NULL,
    at      timestamptz NOT NULL,
    full_at timestamptz NOT NULL
);
CREATE INDEX tries_full ON tries (full_at);
SELECT hashyard_system_only('tries');

-- +goose Down
-- Forward only.
