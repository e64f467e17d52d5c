-- The pool: by what each statement was priced, work that came late by the
-- minute, receipts, and signed statements.

-- +goose Up
-- The rates of a statement as its account's terms make them; statements of
-- before have those of their epochs.
CREATE TABLE pool_statement_rates (
    statement_id      uuid NOT NULL REFERENCES pool_statements,
    org_id            uuid NOT NULL,
    epoch_id          uuid NOT NULL REFERENCES pool_epochs,
    fee_method        text NOT NULL,
    fee_sum_sats      bigint NOT NULL CHECK (fee_sum_sats >= 0),
    fee_count         bigint NOT NULL CHECK (fee_count >= 0),
    subsidy_sum_sats  bigint NOT NULL CHECK (subsidy_sum_sats >= 0),
    fee_tip_hash      bytea NOT NULL CHECK (length(fee_tip_hash) = 32),
    fee_ppm           bigint NOT NULL CHECK (fee_ppm BETWEEN 0 AND 1000000),
    PRIMARY KEY (statement_id, epoch_id)
);
SELECT hashyard_tenant('pool_statement_rates');
SELECT hashyard_append_only('pool_statement_rates');
REVOKE INSERT ON pool_statement_rates FROM hashyard_app;

-- What was booked into minutes of a period that was settled already: it is on
-- the statement that it names, or on none yet. Receipts tell it apart.
CREATE TABLE pool_late_work (
    org_id        uuid NOT NULL,
    worker_id     uuid NOT NULL,
    epoch_id      uuid NOT NULL REFERENCES pool_epochs,
    minute        timestamptz NOT NULL,
    statement_id  uuid REFERENCES pool_statements,
    work          numeric(39,0) NOT NULL,
    shares        bigint NOT NULL
);
CREATE UNIQUE INDEX pool_late_work_open ON pool_late_work (worker_id, epoch_id, minute) WHERE statement_id IS NULL;
CREATE INDEX pool_late_work_worker ON pool_late_work (worker_id, epoch_id);
SELECT hashyard_tenant('pool_late_work');
REVOKE INSERT, UPDATE, DELETE ON pool_late_work FROM hashyard_app;
INSERT INTO pool_late_work (org_id, worker_id, epoch_id, minute, work, shares)
SELECT b.org_id, b.worker_id, b.epoch_id, b.minute, b.work - coalesce(d.work, 0), b.shares - coalesce(d.shares, 0)
FROM (SELECT org_id, worker_id, epoch_id, max(minute) AS minute, sum(work) AS work, sum(shares) AS shares FROM pool_work
        WHERE epoch_id IN (SELECT epoch_id FROM pool_late_epochs) GROUP BY 1, 2, 3) b
    LEFT JOIN (SELECT worker_id, epoch_id, sum(work) AS work, sum(shares) AS shares FROM pool_statement_lines GROUP BY 1, 2) d USING (worker_id, epoch_id)
WHERE b.work > coalesce(d.work, 0);

-- The root over a worker's minutes of a statement.
CREATE TABLE pool_receipts (
    statement_id  uuid NOT NULL REFERENCES pool_statements,
    org_id        uuid NOT NULL,
    worker_id     uuid NOT NULL,
    leaves        bigint NOT NULL CHECK (leaves > 0),
    root          bytea NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (statement_id, worker_id)
);
SELECT hashyard_tenant('pool_receipts');
SELECT hashyard_append_only('pool_receipts');
REVOKE INSERT ON pool_receipts FROM hashyard_app;

-- The bytes that were signed, and the signature.
CREATE TABLE pool_seals (
    statement_id  uuid PRIMARY KEY REFERENCES pool_statements,
    org_id        uuid NOT NULL,
    body          bytea NOT NULL,
    public_key    bytea NOT NULL CHECK (length(public_key) = 32),
    signature     bytea NOT NULL CHECK (length(signature) = 64),
    sealed_at     timestamptz NOT NULL
);
SELECT hashyard_tenant('pool_seals');
SELECT hashyard_append_only('pool_seals');
REVOKE INSERT ON pool_seals FROM hashyard_app;

-- +goose Down
-- Forward only.
