-- The pool: what machines said of themselves when they connected as a worker.
-- Nobody vouches for it; it is evidence to hold against the inventory.

-- +goose Up
CREATE TABLE pool_devices (
    org_id      uuid NOT NULL,
    worker_id   uuid NOT NULL REFERENCES pool_workers,
    hw_id       text NOT NULL CHECK (length(hw_id) <= 64),
    hw_version  text NOT NULL CHECK (length(hw_version) <= 64),
    sw_version  text NOT NULL CHECK (length(sw_version) <= 64),
    agent       text NOT NULL CHECK (length(agent) <= 64),
    url         text NOT NULL CHECK (length(url) <= 64), -- as the machine was told to connect, the last time
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL CHECK (last_at >= first_at),
    PRIMARY KEY (worker_id, hw_id, hw_version, sw_version, agent)
);
CREATE INDEX pool_devices_last ON pool_devices (worker_id, last_at DESC);
SELECT hashyard_tenant('pool_devices');
REVOKE INSERT, UPDATE, DELETE ON pool_devices FROM hashyard_app;

-- +goose Down
-- Forward only.
