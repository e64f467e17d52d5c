-- Who an organisation is, and the sanctions lists it is held against.

-- +goose Up
-- An organisation without a row is unverified. Only the house writes: what an
-- organisation says of itself goes through the service.
CREATE TABLE verifications (
    org_id         uuid PRIMARY KEY REFERENCES orgs (id),
    state          text NOT NULL CHECK (state IN ('unverified', 'submitted', 'verified', 'refused', 'suspended')),
    legal_name     text NOT NULL,
    country        text NOT NULL,
    registration   text NOT NULL,
    owners         jsonb NOT NULL DEFAULT '[]',
    submitted_at   timestamptz,
    decided_at     timestamptz,
    reason         text NOT NULL DEFAULT '',
    version        bigint NOT NULL DEFAULT 1,
    changed_at     timestamptz NOT NULL
);
CREATE INDEX verifications_state ON verifications (state, org_id);
SELECT hashyard_tenant('verifications');
REVOKE INSERT, UPDATE, DELETE ON verifications FROM hashyard_app;
REVOKE DELETE ON verifications FROM hashyard_system;

-- Each import is kept whole, with its date.
CREATE TABLE sanctions_lists (
    id          uuid PRIMARY KEY,
    source      text NOT NULL,
    dated       date NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    entries     int NOT NULL,
    imported_at timestamptz NOT NULL,
    imported_by uuid,
    UNIQUE (source, sha256)
);
SELECT hashyard_system_only('sanctions_lists');
SELECT hashyard_append_only('sanctions_lists');

CREATE TABLE sanctions_entries (
    list_id uuid NOT NULL REFERENCES sanctions_lists (id),
    ent_num bigint NOT NULL,
    name    text NOT NULL,
    kind    text NOT NULL,
    program text NOT NULL,
    remarks text NOT NULL,
    PRIMARY KEY (list_id, ent_num)
);
SELECT hashyard_system_only('sanctions_entries');
SELECT hashyard_append_only('sanctions_entries');

-- A name of an organisation that looks like a listed one. One pair is found
-- once: cleared by the desk, it does not come back with the next list.
CREATE TABLE sanctions_hits (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL REFERENCES orgs (id),
    subject    text NOT NULL,
    folded     text NOT NULL,
    list_id    uuid NOT NULL REFERENCES sanctions_lists (id),
    ent_num    bigint NOT NULL,
    listed     text NOT NULL,
    rule       text NOT NULL CHECK (rule IN ('exact', 'close')),
    score_ppm  int NOT NULL CHECK (score_ppm BETWEEN 0 AND 1000000),
    found_at   timestamptz NOT NULL,
    cleared_at timestamptz,
    cleared_by uuid,
    reason     text NOT NULL DEFAULT '',
    UNIQUE (org_id, folded, ent_num, listed)
);
CREATE INDEX sanctions_hits_open ON sanctions_hits (org_id, id) WHERE cleared_at IS NULL;
SELECT hashyard_system_only('sanctions_hits');
REVOKE DELETE ON sanctions_hits FROM hashyard_system;

-- +goose Down
-- Forward only.
