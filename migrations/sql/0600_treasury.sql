-- The treasury: the scanned chain, its coins, payouts and where organisations
-- are paid. Hashes are text as people write them.

-- +goose Up

-- One row: whose script is scanned for, and how far.
CREATE TABLE treasury_head (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    network        text NOT NULL,
    address        text NOT NULL,
    script         bytea NOT NULL,
    height         bigint NOT NULL,
    hash           text NOT NULL DEFAULT '',
    per_payout_sats bigint NOT NULL,
    per_day_sats   bigint NOT NULL,
    max_fee_sats   bigint NOT NULL
);
SELECT hashyard_system_only('treasury_head');

-- Each time a block was connected, with what it posted, so that it can be
-- taken out again.
CREATE TABLE treasury_blocks (
    id        uuid PRIMARY KEY,
    height    bigint NOT NULL,
    hash      text NOT NULL,
    entries   jsonb NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    undone_at timestamptz
);
CREATE UNIQUE INDEX treasury_blocks_best ON treasury_blocks (height) WHERE undone_at IS NULL;
SELECT hashyard_system_only('treasury_blocks');
REVOKE DELETE ON treasury_blocks FROM hashyard_system;

CREATE TABLE treasury_coins (
    txid         text NOT NULL,
    vout         bigint NOT NULL,
    sats         bigint NOT NULL CHECK (sats > 0),
    kind         text NOT NULL CHECK (kind IN ('reward', 'deposit', 'change')),
    height       bigint NOT NULL,
    mature       bigint NOT NULL CHECK (mature >= height),
    spent_height bigint CHECK (spent_height >= height),
    spent_hash   text,
    PRIMARY KEY (txid, vout),
    CHECK ((spent_height IS NULL) = (spent_hash IS NULL))
);
CREATE INDEX treasury_coins_unspent ON treasury_coins (mature) WHERE spent_height IS NULL;
CREATE INDEX treasury_coins_height ON treasury_coins (height);
CREATE INDEX treasury_coins_spent ON treasury_coins (spent_height) WHERE spent_height IS NOT NULL;
SELECT hashyard_system_only('treasury_coins');

CREATE TABLE payouts (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    address      text NOT NULL,
    amount_sats  bigint NOT NULL CHECK (amount_sats > 0),
    fee_sats     bigint NOT NULL DEFAULT 0 CHECK (fee_sats >= 0),
    state        text NOT NULL CHECK (state IN ('requested', 'reserved', 'awaiting_signature', 'signed', 'broadcast', 'confirmed', 'refused')),
    reason       text NOT NULL DEFAULT '',
    psbt         text NOT NULL DEFAULT '',
    txid         text UNIQUE,
    tx           bytea,
    mined_height bigint,
    mined_hash   text,
    requested_at timestamptz NOT NULL,
    reserved_at  timestamptz,
    signed_at    timestamptz,
    broadcast_at timestamptz,
    confirmed_at timestamptz,
    refused_at   timestamptz,
    version      bigint NOT NULL DEFAULT 1,
    -- What may be sent is stored before it is, and only then.
    CHECK ((state IN ('signed', 'broadcast', 'confirmed')) = (tx IS NOT NULL)),
    CHECK ((tx IS NULL) = (txid IS NULL) AND (tx IS NULL) = (signed_at IS NULL)),
    CHECK ((mined_height IS NULL) = (mined_hash IS NULL)),
    CHECK (state <> 'confirmed' OR mined_height IS NOT NULL)
);
CREATE INDEX payouts_org ON payouts (org_id, id);
CREATE INDEX payouts_open ON payouts (id) WHERE state NOT IN ('confirmed', 'refused');
CREATE INDEX payouts_in_flight ON payouts (id) WHERE tx IS NOT NULL AND mined_height IS NULL;
CREATE INDEX payouts_signed ON payouts (signed_at) WHERE signed_at IS NOT NULL;
-- Not over signed ones: a deep reorganisation may reopen a confirmed payout.
CREATE UNIQUE INDEX payouts_one_unsigned ON payouts (org_id) WHERE state IN ('requested', 'reserved', 'awaiting_signature');
SELECT hashyard_tenant('payouts');
REVOKE INSERT, UPDATE, DELETE ON payouts FROM hashyard_app;
REVOKE DELETE ON payouts FROM hashyard_system;

-- Signed bytes never change: they are sent again until they are buried.
-- +goose StatementBegin
CREATE FUNCTION payout_signed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.tx IS NOT NULL AND (NEW.tx, NEW.txid, NEW.org_id, NEW.address, NEW.amount_sats, NEW.fee_sats)
        IS DISTINCT FROM (OLD.tx, OLD.txid, OLD.org_id, OLD.address, OLD.amount_sats, OLD.fee_sats) THEN
        RAISE EXCEPTION 'payout % is signed and cannot be altered', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payout_signed_once BEFORE UPDATE ON payouts FOR EACH ROW EXECUTE FUNCTION payout_signed_once();

-- Which coins a payout spends. A coin may be gone for a while in a
-- reorganisation; its hold stays.
CREATE TABLE payout_coins (
    payout_id uuid NOT NULL,
    txid      text NOT NULL,
    vout      bigint NOT NULL,
    sats      bigint NOT NULL CHECK (sats > 0),
    free_at   timestamptz,
    PRIMARY KEY (payout_id, txid, vout)
);
CREATE UNIQUE INDEX payout_coins_one_holder ON payout_coins (txid, vout) WHERE free_at IS NULL;
SELECT hashyard_system_only('payout_coins');
REVOKE DELETE ON payout_coins FROM hashyard_system;

-- Where an organisation is paid. Writing here pays nobody: the signer keeps
-- its own list.
CREATE TABLE payout_addresses (
    org_id  uuid PRIMARY KEY,
    address text NOT NULL,
    set_at  timestamptz NOT NULL
);
SELECT hashyard_tenant('payout_addresses');
REVOKE DELETE ON payout_addresses FROM hashyard_app, hashyard_system;

-- +goose Down
-- Forward only.
