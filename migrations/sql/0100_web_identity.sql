-- Identity: organisations, users, sessions, API keys; and the answers kept
-- under idempotency keys.

-- +goose Up
CREATE TABLE orgs (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,31}$'),
    house      boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- One house.
CREATE UNIQUE INDEX orgs_house ON orgs (house) WHERE house;
SELECT hashyard_tenant('orgs', 'id');

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL REFERENCES orgs (id),
    email         text NOT NULL UNIQUE CHECK (email = lower(email)),
    name          text NOT NULL,
    roles         text[] NOT NULL CHECK (cardinality(roles) > 0),
    password_hash text NOT NULL,
    disabled      boolean NOT NULL DEFAULT false,
    version       bigint NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL
);
CREATE INDEX users_org ON users (org_id, id);
SELECT hashyard_tenant('users');

-- Only hashes of tokens and secrets are stored: who reads the table cannot
-- sign in with it.
CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL REFERENCES orgs (id),
    user_id    uuid NOT NULL REFERENCES users (id),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    remote     text NOT NULL,
    agent      text NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
SELECT hashyard_tenant('sessions');

CREATE TABLE api_keys (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES orgs (id),
    name        text NOT NULL,
    roles       text[] NOT NULL CHECK (cardinality(roles) > 0),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    used_at     timestamptz
);
CREATE INDEX api_keys_org ON api_keys (org_id, id);
SELECT hashyard_tenant('api_keys');

-- One row for each command a principal (user or key) sent, for ever. id is
-- the command's own id, the same at every attempt.
CREATE TABLE idempotency_keys (
    org_id      uuid NOT NULL,
    principal   uuid NOT NULL,
    key         text NOT NULL,
    id          uuid NOT NULL,
    operation   text NOT NULL,
    input_hash  bytea NOT NULL CHECK (length(input_hash) = 32),
    attempt     bigint NOT NULL DEFAULT 1,
    leased_to   timestamptz NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    status      int,
    header      jsonb,
    body        bytea,
    PRIMARY KEY (org_id, principal, key),
    CHECK ((answered_at IS NULL) = (status IS NULL))
);
SELECT hashyard_tenant('idempotency_keys');

-- +goose Down
-- Forward only.
