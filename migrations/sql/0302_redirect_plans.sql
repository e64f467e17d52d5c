-- Redirects of many machines in waves, and the way back to their old pools.

-- +goose Up
-- The redirect whose old pools this one writes back; none: it points at our pool.
ALTER TABLE redirects ADD COLUMN restores uuid REFERENCES redirects;

CREATE TABLE redirect_plans (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('redirect', 'restore')),
    state        text NOT NULL CHECK (state IN ('running', 'halted', 'done', 'rolled_back')),
    halt_ppm     bigint NOT NULL CHECK (halt_ppm BETWEEN 0 AND 1000000),
    accept       boolean NOT NULL DEFAULT false, -- machines that are not as registered too
    wave         int NOT NULL DEFAULT 0, -- begun; 0 before the first
    excused      int NOT NULL DEFAULT 0, -- failures of that wave that somebody took upon themselves
    tick         bigint NOT NULL DEFAULT 0, -- the clock event that counts
    reason       text NOT NULL DEFAULT '', -- of a halt
    created_at   timestamptz NOT NULL,
    created_by   uuid,
    halted_at    timestamptz,
    halted_by    uuid, -- none: by its own rule
    ended_at     timestamptz,
    rolls_back   uuid UNIQUE REFERENCES redirect_plans
);
CREATE INDEX redirect_plans_org ON redirect_plans (org_id, id);
SELECT hashyard_tenant('redirect_plans');

CREATE TABLE redirect_plan_units (
    plan_id      uuid NOT NULL REFERENCES redirect_plans,
    miner_id     uuid NOT NULL,
    org_id       uuid NOT NULL,
    seq          int NOT NULL,
    wave         int NOT NULL CHECK (wave > 0),
    unit_id      uuid NOT NULL,
    serial       text NOT NULL,
    restores     uuid,
    redirect_id  uuid NOT NULL, -- given out beforehand, so that it is made once
    problem      text NOT NULL DEFAULT '', -- why it could not be commanded
    PRIMARY KEY (plan_id, miner_id)
);
SELECT hashyard_tenant('redirect_plan_units');

-- +goose Down
-- Forward only.
