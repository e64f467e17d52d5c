-- The pool: sums that its screens read, written with the bookings they sum. By
-- organisation and rate, each minute and each hour; by worker, each hour.

-- +goose Up
CREATE TABLE pool_totals (
    org_id       uuid NOT NULL,
    step         int NOT NULL CHECK (step IN (60, 3600)), -- seconds
    at           timestamptz NOT NULL,
    epoch_id     uuid NOT NULL,
    work         numeric(39,0) NOT NULL,
    sum_squares  numeric NOT NULL,
    shares       bigint NOT NULL,
    r20          bigint NOT NULL,
    r21          bigint NOT NULL,
    r22          bigint NOT NULL,
    r23          bigint NOT NULL,
    r24          bigint NOT NULL,
    r25          bigint NOT NULL,
    last_at      timestamptz,
    PRIMARY KEY (org_id, step, at, epoch_id)
);
CREATE INDEX pool_totals_at ON pool_totals (step, at);
SELECT hashyard_tenant('pool_totals');
REVOKE INSERT, UPDATE, DELETE ON pool_totals FROM hashyard_app;

CREATE TABLE pool_worker_hours (
    org_id       uuid NOT NULL,
    worker_id    uuid NOT NULL,
    at           timestamptz NOT NULL,
    work         numeric(39,0) NOT NULL,
    sum_squares  numeric NOT NULL,
    shares       bigint NOT NULL,
    r20          bigint NOT NULL,
    r21          bigint NOT NULL,
    r22          bigint NOT NULL,
    r23          bigint NOT NULL,
    r24          bigint NOT NULL,
    r25          bigint NOT NULL,
    last_at      timestamptz,
    PRIMARY KEY (worker_id, at)
);
CREATE INDEX pool_worker_hours_org ON pool_worker_hours (org_id, at);
SELECT hashyard_tenant('pool_worker_hours');
REVOKE INSERT, UPDATE, DELETE ON pool_worker_hours FROM hashyard_app;

INSERT INTO pool_totals
SELECT org_id, s.step, date_bin(make_interval(secs => s.step), minute, '2000-01-01Z'), epoch_id, sum(work), sum(sum_squares), sum(shares),
    sum(r20), sum(r21), sum(r22), sum(r23), sum(r24), sum(r25), max(last_at)
FROM pool_work CROSS JOIN (VALUES (60), (3600)) s (step) GROUP BY 1, 2, 3, 4;

INSERT INTO pool_worker_hours
SELECT org_id, worker_id, date_bin('1 hour', minute, '2000-01-01Z'), sum(work), sum(sum_squares), sum(shares),
    sum(r20), sum(r21), sum(r22), sum(r23), sum(r24), sum(r25), max(last_at)
FROM pool_work GROUP BY 1, 2, 3;

CREATE INDEX pool_blocks_found ON pool_blocks (found_at);
CREATE INDEX pool_epochs_created ON pool_epochs (created_at);

-- +goose Down
-- Forward only.
