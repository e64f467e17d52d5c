-- What a fleet's overview needs: each machine's vital figures beside its whole
-- reading, where it stands, and the alerts that are derived from both.

-- +goose Up
ALTER TABLE miners ADD COLUMN vitals jsonb NOT NULL DEFAULT '{}';
-- Where it stands; without a word it stands where its address says.
ALTER TABLE miners ADD COLUMN rack text NOT NULL DEFAULT '' CHECK (length(rack) <= 32);
ALTER TABLE miners ADD COLUMN shelf int NOT NULL DEFAULT 0 CHECK (shelf BETWEEN 0 AND 1000);

CREATE TABLE fleet_alerts (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL,
    miner_id      uuid NOT NULL REFERENCES miners,
    kind          text NOT NULL CHECK (kind IN ('offline', 'elsewhere', 'dead_board', 'hot', 'gap', 'slow')),
    state         text NOT NULL CHECK (state IN ('open', 'acknowledged', 'cleared')),
    cause         text NOT NULL,
    missing_ths   double precision NOT NULL DEFAULT 0, -- displayed, at the last look
    lost_th_s     double precision NOT NULL DEFAULT 0, -- displayed terahashes since it was raised
    raised_at     timestamptz NOT NULL,
    looked_at     timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    cleared_at    timestamptz,
    CHECK ((state = 'cleared') = (cleared_at IS NOT NULL))
);
CREATE UNIQUE INDEX fleet_alerts_live ON fleet_alerts (org_id, miner_id, kind) WHERE state <> 'cleared';
CREATE INDEX fleet_alerts_org ON fleet_alerts (org_id, id);
SELECT hashyard_tenant('fleet_alerts');

-- Readings are kept by the minute for two days and by the hour after that.
CREATE TABLE reading_hours (
    miner_id         uuid NOT NULL,
    hour             timestamptz NOT NULL,
    org_id           uuid NOT NULL,
    unit_id          uuid,
    readings         bigint NOT NULL,
    hashrate_hs      double precision,
    max_temp_c       double precision,
    hardware_errors  bigint,
    PRIMARY KEY (miner_id, hour)
);
CREATE INDEX reading_hours_unit ON reading_hours (unit_id, hour) WHERE unit_id IS NOT NULL;
SELECT hashyard_tenant('reading_hours');
CREATE INDEX readings_at ON readings (at);
-- Only the system thins them out, after it has summed them up.
GRANT DELETE ON readings TO hashyard_system;

-- +goose Down
-- Forward only.
