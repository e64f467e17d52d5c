-- Outgoing webhooks: an organisation's events, sent to an address of its own.

-- +goose Up
-- The secret that signs derives from the server's key, the id and the
-- generation; it is stored nowhere.
CREATE TABLE webhooks (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES orgs (id),
    url         text NOT NULL,
    roles       text[] NOT NULL CHECK (cardinality(roles) > 0),
    generation  int NOT NULL DEFAULT 1,
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    removed_at  timestamptz,
    leased_to   timestamptz NOT NULL DEFAULT '-infinity' -- one process sends to a webhook at a time
);
CREATE INDEX webhooks_org ON webhooks (org_id, id);
SELECT hashyard_tenant('webhooks');
REVOKE DELETE ON webhooks FROM hashyard_app, hashyard_system;

CREATE TABLE webhook_deliveries (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    hook_id     uuid NOT NULL REFERENCES webhooks (id),
    event_id    uuid NOT NULL,
    kind        text NOT NULL,
    body        bytea NOT NULL,
    state       text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'dead')),
    attempts    int NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    since       timestamptz NOT NULL, -- the three days count from here
    due_at      timestamptz NOT NULL,
    tried_at    timestamptz,
    took_ms     int,
    status      int,
    error       text NOT NULL DEFAULT '',
    ended_at    timestamptz,
    UNIQUE (hook_id, event_id),
    CHECK ((state = 'queued') = (ended_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (hook_id, due_at, id) WHERE state = 'queued';
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (hook_id, id);
CREATE INDEX webhook_deliveries_old ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
SELECT hashyard_tenant('webhook_deliveries');
REVOKE INSERT, DELETE ON webhook_deliveries FROM hashyard_app;

-- +goose Down
-- Forward only.
