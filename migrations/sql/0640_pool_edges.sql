-- The pool: why shares were refused, and the edges that take shares elsewhere.

-- +goose Up
-- By worker and hour. Of work on an older tip, how late it was in classes:
-- upto_ms is the end of one, the largest number that of the last; 0 for all
-- other causes. A refused share may be missing here, never counted twice.
CREATE TABLE pool_rejects (
    org_id      uuid NOT NULL,
    account_id  uuid NOT NULL,
    worker_id   uuid NOT NULL,
    unit_id     uuid,
    at          timestamptz NOT NULL, -- the hour's begin
    cause       text NOT NULL CHECK (cause IN ('none', 'tip-moved', 'unknown-job', 'period-over', 'repeated', 'too-easy',
                    'version-bits', 'block-time', 'malformed', 'sated')),
    upto_ms     int NOT NULL CHECK (upto_ms >= 0),
    n           bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (worker_id, at, cause, upto_ms)
);
CREATE INDEX pool_rejects_org ON pool_rejects (org_id, at);
CREATE INDEX pool_rejects_unit ON pool_rejects (unit_id, at) WHERE unit_id IS NOT NULL;
SELECT hashyard_tenant('pool_rejects');
REVOKE INSERT, UPDATE, DELETE ON pool_rejects FROM hashyard_app;

-- A machine elsewhere that takes shares for this yard. Its number leads every
-- extranonce1 there; 0 is the yard's own.
CREATE TABLE pool_edges (
    id           uuid PRIMARY KEY,
    number       int NOT NULL CHECK (number BETWEEN 1 AND 255),
    name         text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    key          text NOT NULL UNIQUE, -- the public half of its nkey
    enrolled_at  timestamptz NOT NULL,
    revoked_at   timestamptz,
    seen_at      timestamptz,          -- when it last said something
    awake        boolean NOT NULL DEFAULT false -- it may hold shares that the yard has not
);
CREATE UNIQUE INDEX pool_edges_number ON pool_edges (number) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX pool_edges_name ON pool_edges (name) WHERE revoked_at IS NULL;
SELECT hashyard_system_only('pool_edges');

-- How far each edge's own log is applied is a row 'edge/<number>' there.
-- Messages that never came although later ones did:
ALTER TABLE pool_checkpoints ADD COLUMN missing bigint NOT NULL DEFAULT 0;

-- Screens and retention ask for minutes of all workers.
CREATE INDEX pool_work_minute ON pool_work USING brin (minute);

-- +goose Down
-- Forward only.
