-- What the health of a process asks of the database: that it takes a write, and
-- which migrations it has.

-- +goose Up
CREATE TABLE heartbeat (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at  timestamptz NOT NULL
);
SELECT hashyard_system_only('heartbeat');
GRANT SELECT ON goose_db_version TO hashyard_app, hashyard_system;

-- +goose Down
-- Forward only.
