-- The pool: what workers do now and how they stand, terms of accounts, prices
-- of bitcoin, links for people without an account here, rotated secrets.

-- +goose Up
-- One row a worker, written every half minute: lists sort and filter by it.
-- Its figures carry no index, so that an update stays in its page.
CREATE TABLE pool_worker_now (
    worker_id       uuid PRIMARY KEY REFERENCES pool_workers,
    org_id          uuid NOT NULL,
    state           text NOT NULL CHECK (state IN ('new', 'online', 'slow', 'silent')),
    since           timestamptz NOT NULL,
    wants           text NOT NULL DEFAULT '', -- where it is on its way to
    wants_since     timestamptz,
    last_share_at   timestamptz,
    hs_5m           double precision NOT NULL DEFAULT 0,
    hs_1h           double precision NOT NULL DEFAULT 0,
    hs_24h          double precision NOT NULL DEFAULT 0,
    shares_24h      bigint NOT NULL DEFAULT 0,
    rejects_24h     bigint NOT NULL DEFAULT 0,
    reference_hs    double precision NOT NULL DEFAULT 0, -- what it is compared with
    reference       text NOT NULL DEFAULT '' CHECK (reference IN ('', 'nominal', 'own_day')),
    refreshed_at    timestamptz NOT NULL
);
CREATE INDEX pool_worker_now_org ON pool_worker_now (org_id);
SELECT hashyard_tenant('pool_worker_now');
REVOKE INSERT, UPDATE, DELETE ON pool_worker_now FROM hashyard_app;

-- Hours come in order: this stays small and finds the newest.
CREATE INDEX pool_worker_hours_at ON pool_worker_hours USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- An account's terms from a moment on; a period has those of its beginning.
CREATE TABLE pool_terms (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    account_id  uuid NOT NULL REFERENCES pool_accounts,
    from_at     timestamptz NOT NULL,
    fee_ppm     bigint NOT NULL CHECK (fee_ppm BETWEEN 0 AND 1000000),
    fee_method  text NOT NULL,
    note        text NOT NULL DEFAULT '',
    set_by      uuid,
    created_at  timestamptz NOT NULL
);
CREATE INDEX pool_terms_account ON pool_terms (account_id, from_at, id);
SELECT hashyard_tenant('pool_terms');
SELECT hashyard_append_only('pool_terms');
REVOKE INSERT ON pool_terms FROM hashyard_app;

-- What a bitcoin costs, as somebody of the house stated it and when.
CREATE TABLE pool_prices (
    id             uuid PRIMARY KEY,
    at             timestamptz NOT NULL,
    cents_per_btc  bigint NOT NULL CHECK (cents_per_btc > 0),
    source         text NOT NULL CHECK (source <> ''),
    set_by         uuid,
    created_at     timestamptz NOT NULL
);
CREATE INDEX pool_prices_at ON pool_prices (at, id);
SELECT hashyard_public_read('pool_prices');
SELECT hashyard_append_only('pool_prices');

-- Links with which somebody without an account here watches one.
CREATE TABLE pool_watch_links (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL,
    account_id    uuid NOT NULL REFERENCES pool_accounts,
    name          text NOT NULL CHECK (name <> ''),
    token_hash    bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    workers       boolean NOT NULL,
    earnings      boolean NOT NULL,
    created_by    uuid,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);
CREATE INDEX pool_watch_links_org ON pool_watch_links (org_id, id);
SELECT hashyard_tenant('pool_watch_links');

-- Until then the secret before the present one is good, too.
ALTER TABLE pool_workers ADD COLUMN old_until timestamptz;

-- +goose Down
-- Forward only.
