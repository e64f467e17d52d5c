-- Fleet: sites and their agents, miners as their agents see them, readings,
-- redirects with every step, and the commands that agents fetch.

-- +goose Up
CREATE TABLE sites (
    id             uuid PRIMARY KEY,
    org_id         uuid NOT NULL,
    name           text NOT NULL CHECK (name <> ''),
    cidr           cidr NOT NULL,
    scan_every_ms  bigint NOT NULL CHECK (scan_every_ms > 0),
    read_every_ms  bigint NOT NULL CHECK (read_every_ms > 0),
    agent_version  text NOT NULL DEFAULT '',
    agent_seen_at  timestamptz,
    UNIQUE (org_id, name)
);
SELECT hashyard_tenant('sites');

CREATE TABLE miners (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    site_id      uuid NOT NULL,
    -- The serial, or what else tells a machine apart that gives none.
    identity     text NOT NULL CHECK (identity <> ''),
    unit_id      uuid,
    serial       text NOT NULL DEFAULT '',
    mac          text NOT NULL DEFAULT '',
    model        text NOT NULL DEFAULT '',
    family       text NOT NULL DEFAULT '',
    firmware     text NOT NULL DEFAULT '',
    hostname     text NOT NULL DEFAULT '',
    boards       jsonb NOT NULL DEFAULT '[]',
    address      text NOT NULL,
    score        int NOT NULL DEFAULT 0,
    slots        jsonb, -- configured pools as last read, without passwords
    reading      jsonb, -- the last one
    quarantine   text NOT NULL DEFAULT '',
    first_seen   timestamptz NOT NULL,
    last_seen    timestamptz NOT NULL,
    read_at      timestamptz,
    gone_at      timestamptz,
    UNIQUE (org_id, identity)
);
CREATE INDEX miners_site ON miners (site_id, id);
CREATE INDEX miners_unit ON miners (unit_id) WHERE unit_id IS NOT NULL;
SELECT hashyard_tenant('miners');

CREATE TABLE readings (
    miner_id         uuid NOT NULL,
    at               timestamptz NOT NULL,
    org_id           uuid NOT NULL,
    unit_id          uuid,
    hashrate_hs      double precision,
    average_hs       double precision,
    ideal_hs         double precision,
    max_temp_c       double precision,
    hardware_errors  bigint,
    power_w          double precision,
    PRIMARY KEY (miner_id, at)
);
CREATE INDEX readings_unit ON readings (unit_id, at) WHERE unit_id IS NOT NULL;
SELECT hashyard_tenant('readings');
SELECT hashyard_append_only('readings');

CREATE TABLE redirects (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    site_id      uuid NOT NULL,
    miner_id     uuid NOT NULL,
    unit_id      uuid NOT NULL,
    -- The identity that is read again right before the write.
    serial       text NOT NULL CHECK (serial <> ''),
    mac          text NOT NULL DEFAULT '',
    boards       jsonb NOT NULL DEFAULT '[]',
    address      text NOT NULL,
    family       text NOT NULL DEFAULT '',
    url          text NOT NULL,
    worker       text NOT NULL,
    state        text NOT NULL CHECK (state IN ('requested', 'sent', 'identity_checked', 'snapshotted',
                     'acknowledged', 'read_back_equal', 'hashing', 'failed')),
    reason       text NOT NULL DEFAULT '',
    transient    boolean NOT NULL DEFAULT false,
    auto         boolean NOT NULL,
    by_user      uuid,
    old_slots    jsonb,          -- without passwords
    old_sealed   bytea,          -- with them, encrypted, for the way back
    read_back    jsonb,          -- without passwords
    differences  jsonb NOT NULL DEFAULT '[]',
    slots        int NOT NULL DEFAULT 0,
    session_at   timestamptz,
    created_at   timestamptz NOT NULL,
    answer_by    timestamptz NOT NULL, -- without an answer until then it has failed
    version      bigint NOT NULL DEFAULT 1
);
-- One redirect at a time for a unit and who has it: what a former holder left
-- open must not hold up the next one.
CREATE UNIQUE INDEX redirects_one_open ON redirects (org_id, unit_id)
    WHERE state NOT IN ('read_back_equal', 'hashing', 'failed');
CREATE INDEX redirects_unit ON redirects (unit_id, id);
SELECT hashyard_tenant('redirects');

CREATE TABLE redirect_steps (
    redirect_id  uuid NOT NULL,
    seq          int NOT NULL,
    org_id       uuid NOT NULL,
    state        text NOT NULL,
    at           timestamptz NOT NULL,
    detail       text NOT NULL DEFAULT '',
    PRIMARY KEY (redirect_id, seq)
);
SELECT hashyard_tenant('redirect_steps');
SELECT hashyard_append_only('redirect_steps');

CREATE TABLE agent_commands (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL,
    site_id       uuid NOT NULL,
    kind          text NOT NULL CHECK (kind = 'redirect'),
    redirect_id   uuid NOT NULL UNIQUE,
    state         text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'leased', 'done')),
    leased_until  timestamptz,
    leased_to     uuid,               -- the agent that has it
    not_before    timestamptz,        -- a pause after it could not be given out or was lost twice
    epoch         bigint NOT NULL DEFAULT 0, -- grows with every lease
    created_at    timestamptz NOT NULL,
    done_at       timestamptz
);
CREATE INDEX agent_commands_open ON agent_commands (site_id, id) WHERE state <> 'done';
SELECT hashyard_tenant('agent_commands');

-- Units that were delivered to the organisation and wait to be seen.
CREATE TABLE expected_units (
    unit_id       uuid NOT NULL,
    org_id        uuid NOT NULL,
    serial        text NOT NULL,
    trade_id      uuid,
    delivered_at  timestamptz NOT NULL,
    redirect_id   uuid, -- none: a redirect is to be made at the next sighting
    attempts      int NOT NULL DEFAULT 0,
    PRIMARY KEY (unit_id, org_id)
);
CREATE INDEX expected_units_open ON expected_units (org_id) WHERE redirect_id IS NULL;
SELECT hashyard_tenant('expected_units');

-- +goose Down
-- Forward only.
