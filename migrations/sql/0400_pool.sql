-- The pool's books: who may mine as whom, at which rate work is priced, what
-- work was accepted, what it earned, and which blocks were found.

-- +goose Up
CREATE TABLE pool_accounts (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL UNIQUE,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    created_at  timestamptz NOT NULL
);
SELECT hashyard_tenant('pool_accounts');

CREATE TABLE pool_workers (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    account_id  uuid NOT NULL REFERENCES pool_accounts,
    name        text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
    unit_id     uuid,            -- then the unit's secret is the password
    generation  int NOT NULL DEFAULT 1, -- of the secret
    announce_after timestamptz,  -- the next session opened since then is an event
    retired_at  timestamptz,     -- the machine works for somebody else now
    created_at  timestamptz NOT NULL,
    UNIQUE (account_id, name),
    UNIQUE (account_id, unit_id)
);
CREATE INDEX pool_workers_org ON pool_workers (org_id, id);
-- A machine mines for one account at a time.
CREATE UNIQUE INDEX pool_workers_unit ON pool_workers (unit_id) WHERE unit_id IS NOT NULL AND retired_at IS NULL;
SELECT hashyard_tenant('pool_workers');

-- Rates are public: anybody can recompute a statement.
CREATE TABLE pool_epochs (
    id            uuid PRIMARY KEY,
    period_start  timestamptz NOT NULL,
    period_end    timestamptz NOT NULL CHECK (period_end > period_start),
    nbits         bigint NOT NULL CHECK (nbits > 0),
    subsidy_sats  bigint NOT NULL CHECK (subsidy_sats >= 0),
    fee_method    text NOT NULL,
    fee_window    bigint NOT NULL CHECK (fee_window >= 0),
    fee_sum_sats  bigint NOT NULL CHECK (fee_sum_sats >= 0),
    fee_count     bigint NOT NULL CHECK (fee_count >= 0),
    fee_tip_hash  bytea NOT NULL CHECK (length(fee_tip_hash) = 32),
    height        bigint NOT NULL,
    fee_ppm       bigint NOT NULL CHECK (fee_ppm BETWEEN 0 AND 1000000),
    created_at    timestamptz NOT NULL,
    UNIQUE (period_start, period_end, nbits, subsidy_sats)
);
SELECT hashyard_public_read('pool_epochs');
SELECT hashyard_append_only('pool_epochs');

-- Epochs that got work after their period was settled: the next settlement
-- prices what is missing, at the epoch's own rate.
CREATE TABLE pool_late_epochs (
    epoch_id  uuid PRIMARY KEY REFERENCES pool_epochs
);
SELECT hashyard_system_only('pool_late_epochs');

-- Fees by block hash, so that a reorganised chain is read anew.
CREATE TABLE pool_block_fees (
    hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
    prev       bytea NOT NULL CHECK (length(prev) = 32),
    height     bigint NOT NULL,
    fees_sats  bigint NOT NULL CHECK (fees_sats >= 0)
);
SELECT hashyard_system_only('pool_block_fees');

-- How far the share log is applied, written with its effect.
CREATE TABLE pool_checkpoints (
    name    text PRIMARY KEY,
    stream  text NOT NULL,
    seq     bigint NOT NULL
);
INSERT INTO pool_checkpoints (name, stream, seq) VALUES ('shares', '', 0);
SELECT hashyard_system_only('pool_checkpoints');

CREATE TABLE pool_work (
    org_id       uuid NOT NULL,
    account_id   uuid NOT NULL,
    worker_id    uuid NOT NULL,
    unit_id      uuid,
    epoch_id     uuid NOT NULL REFERENCES pool_epochs,
    minute       timestamptz NOT NULL,
    work         numeric(39,0) NOT NULL,
    sum_squares  numeric NOT NULL,
    shares       bigint NOT NULL,
    r20          bigint NOT NULL,
    r21          bigint NOT NULL,
    r22          bigint NOT NULL,
    r23          bigint NOT NULL,
    r24          bigint NOT NULL,
    r25          bigint NOT NULL,
    last_at      timestamptz, -- of the last accepted share
    PRIMARY KEY (worker_id, epoch_id, minute)
);
CREATE INDEX pool_work_epoch ON pool_work (epoch_id);
CREATE INDEX pool_work_worker ON pool_work (worker_id, minute);
CREATE INDEX pool_work_unit ON pool_work (unit_id, minute) WHERE unit_id IS NOT NULL;
SELECT hashyard_tenant('pool_work');
-- Only the system books work.
REVOKE INSERT, UPDATE, DELETE ON pool_work FROM hashyard_app;

-- Work whose account or epoch this database does not know: kept, never priced
-- in silence, never in the way of other shares.
CREATE TABLE pool_unbooked (
    account_id  uuid,
    worker_id   uuid,
    epoch_id    uuid,
    stream      text NOT NULL,
    seq         bigint NOT NULL,
    work        numeric(39,0) NOT NULL,
    shares      bigint NOT NULL
);
SELECT hashyard_system_only('pool_unbooked');

CREATE TABLE pool_periods (
    period_start   timestamptz NOT NULL,
    period_end     timestamptz NOT NULL,
    settled_at     timestamptz NOT NULL,
    stream         text NOT NULL, -- applied up to here when it was settled
    seq            bigint NOT NULL,
    total_sats     bigint NOT NULL,
    residue_sats   bigint NOT NULL CHECK (residue_sats >= 0),
    PRIMARY KEY (period_start, period_end)
);
SELECT hashyard_public_read('pool_periods');
SELECT hashyard_append_only('pool_periods');

CREATE TABLE pool_statements (
    id             uuid PRIMARY KEY,
    org_id         uuid NOT NULL,
    account_id     uuid NOT NULL,
    period_start   timestamptz NOT NULL,
    period_end     timestamptz NOT NULL,
    work           numeric(39,0) NOT NULL,
    shares         bigint NOT NULL,
    gross_sats     bigint NOT NULL,
    fee_sats       bigint NOT NULL,
    net_sats       bigint NOT NULL,
    residue_sats   bigint NOT NULL,
    gross_exact    text NOT NULL, -- numerator/denominator
    net_exact      text NOT NULL,
    created_at     timestamptz NOT NULL,
    UNIQUE (account_id, period_start, period_end),
    CHECK (gross_sats = fee_sats + net_sats)
);
CREATE INDEX pool_statements_org ON pool_statements (org_id, period_start);
SELECT hashyard_tenant('pool_statements');
SELECT hashyard_append_only('pool_statements');
REVOKE INSERT ON pool_statements FROM hashyard_app;

CREATE TABLE pool_statement_lines (
    statement_id  uuid NOT NULL REFERENCES pool_statements,
    org_id        uuid NOT NULL,
    worker_id     uuid NOT NULL,
    unit_id       uuid,
    epoch_id      uuid NOT NULL REFERENCES pool_epochs,
    work          numeric(39,0) NOT NULL,
    shares        bigint NOT NULL,
    PRIMARY KEY (statement_id, worker_id, epoch_id)
);
CREATE INDEX pool_statement_lines_epoch ON pool_statement_lines (epoch_id, worker_id);
CREATE INDEX pool_statement_lines_unit ON pool_statement_lines (unit_id) WHERE unit_id IS NOT NULL;
SELECT hashyard_tenant('pool_statement_lines');
SELECT hashyard_append_only('pool_statement_lines');
REVOKE INSERT ON pool_statement_lines FROM hashyard_app;

-- A unit's work while it is measured against what was sold.
CREATE TABLE pool_proofs (
    trade_id     uuid NOT NULL,
    unit_id      uuid NOT NULL,
    org_id       uuid NOT NULL, -- the buyer
    sold_ghs     bigint NOT NULL,
    since        timestamptz NOT NULL, -- earlier shares do not count
    from_at      timestamptz,  -- the first share, itself not counted
    worker_id    uuid,
    work         numeric(39,0) NOT NULL DEFAULT 0,
    sum_squares  numeric NOT NULL DEFAULT 0,
    shares       bigint NOT NULL DEFAULT 0,
    rejected     bigint NOT NULL DEFAULT 0,
    sessions     uuid[] NOT NULL DEFAULT '{}',
    measured_at  timestamptz,
    ended_at     timestamptz,
    outcome      text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'proven', 'refuted', 'superseded')),
    PRIMARY KEY (trade_id, unit_id)
);
CREATE UNIQUE INDEX pool_proofs_open ON pool_proofs (unit_id) WHERE ended_at IS NULL;
SELECT hashyard_tenant('pool_proofs');
REVOKE INSERT, UPDATE, DELETE ON pool_proofs FROM hashyard_app;

CREATE TABLE pool_blocks (
    hash           bytea PRIMARY KEY CHECK (length(hash) = 32),
    prev           bytea NOT NULL,
    height         bigint NOT NULL,
    nbits          bigint NOT NULL,
    value_sats     bigint NOT NULL,
    raw            bytea NOT NULL,
    epoch_id       uuid,
    session_id     uuid,
    account_id     uuid,
    worker_id      uuid,
    unit_id        uuid,
    found_at       timestamptz NOT NULL,
    state          text NOT NULL CHECK (state IN ('found', 'rejected', 'accepted', 'orphaned', 'confirmed')),
    verdict        text NOT NULL DEFAULT '',
    attempts       int NOT NULL DEFAULT 0,
    confirmations  bigint NOT NULL DEFAULT 0,
    updated_at     timestamptz NOT NULL
);
CREATE INDEX pool_blocks_open ON pool_blocks (height) WHERE state <> 'confirmed' AND state <> 'rejected';
CREATE INDEX pool_blocks_height ON pool_blocks (height, hash);
SELECT hashyard_system_only('pool_blocks');

-- +goose Down
-- Forward only.
