-- Brokerage: instruments, orders, the writer's journal, trades with their
-- payments, proofs and settlements.

-- +goose Up
CREATE TABLE instruments (
    id          uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name <> ''),
    model       text NOT NULL CHECK (model <> ''),
    region      text NOT NULL,
    incoterm    text NOT NULL,
    currency    text NOT NULL CHECK (currency = 'USD'),
    nominal_ghs bigint NOT NULL CHECK (nominal_ghs >= 1000)
);
SELECT hashyard_public_read('instruments');

-- An order is written first as 'placing' by its organisation; from there on
-- only the writer of the books and the sweep move it.
CREATE TABLE orders (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL,
    instrument_id uuid NOT NULL REFERENCES instruments,
    command_id    uuid NOT NULL UNIQUE,
    side          text NOT NULL CHECK (side IN ('bid', 'ask')),
    tif           text NOT NULL CHECK (tif IN ('gtc', 'ioc')),
    price_mc      bigint NOT NULL CHECK (price_mc > 0),
    units         bigint NOT NULL CHECK (units BETWEEN 1 AND 10000),
    filled        bigint NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND units),
    unit_ids      uuid[] NOT NULL DEFAULT '{}',
    condition     jsonb,
    state         text NOT NULL CHECK (state IN ('placing', 'open', 'filled', 'cancelled', 'rejected')),
    reason        text NOT NULL DEFAULT '',
    seq           bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    CHECK (cardinality(unit_ids) = CASE side WHEN 'ask' THEN units ELSE 0 END),
    CHECK ((state = 'filled') = (filled = units)),
    CHECK (state <> 'open' OR seq > 0)
);
CREATE INDEX orders_org ON orders (org_id, id);
CREATE INDEX orders_resting ON orders (instrument_id, seq) WHERE state = 'open';
CREATE INDEX orders_placing ON orders (created_at) WHERE state = 'placing';
SELECT hashyard_tenant('orders');
REVOKE UPDATE, DELETE ON orders FROM hashyard_app;
REVOKE DELETE ON orders FROM hashyard_system;

-- The fencing epoch: a writer that lost its lock and does not know it yet
-- finds a newer epoch here and commits nothing.
CREATE TABLE market_writer (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL
);
INSERT INTO market_writer (epoch) VALUES (0);
SELECT hashyard_system_only('market_writer');

-- Each book as of its last command, as everyone may see it. The hash is that
-- of the resting orders: a writer that starts must rebuild the same book.
CREATE TABLE market_books (
    instrument_id uuid PRIMARY KEY REFERENCES instruments,
    seq           bigint NOT NULL CHECK (seq > 0),
    hash          bytea NOT NULL CHECK (length(hash) = 32),
    bids          jsonb NOT NULL,
    asks          jsonb NOT NULL,
    last_mc       bigint NOT NULL DEFAULT 0,
    at            timestamptz NOT NULL
);
SELECT hashyard_public_read('market_books');

-- What the writer did, in order, for ever.
CREATE TABLE market_journal (
    instrument_id uuid NOT NULL,
    seq           bigint NOT NULL,
    epoch         bigint NOT NULL,
    command_id    uuid NOT NULL UNIQUE,
    kind          text NOT NULL CHECK (kind IN ('place', 'cancel')),
    order_id      uuid NOT NULL,
    command       jsonb NOT NULL,
    events        jsonb NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (instrument_id, seq)
);
SELECT hashyard_system_only('market_journal');
SELECT hashyard_append_only('market_journal');

-- The tape: what traded, without who.
CREATE TABLE market_fills (
    trade_id      uuid PRIMARY KEY,
    instrument_id uuid NOT NULL,
    seq           bigint NOT NULL,
    at            timestamptz NOT NULL,
    price_mc      bigint NOT NULL CHECK (price_mc > 0),
    units         bigint NOT NULL CHECK (units > 0),
    taker         text NOT NULL CHECK (taker IN ('bid', 'ask'))
);
CREATE INDEX market_fills_time ON market_fills (instrument_id, at);
CREATE INDEX market_fills_tape ON market_fills (instrument_id, trade_id);
SELECT hashyard_public_read('market_fills');
SELECT hashyard_append_only('market_fills');

CREATE TABLE trades (
    id               uuid PRIMARY KEY,
    number           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    buyer_org        uuid NOT NULL,
    seller_org       uuid NOT NULL,
    instrument_id    uuid NOT NULL,
    bid_order_id     uuid NOT NULL,
    ask_order_id     uuid NOT NULL,
    maker            text NOT NULL CHECK (maker IN ('bid', 'ask')),
    price_mc         bigint NOT NULL CHECK (price_mc > 0),
    sold_ghs         bigint NOT NULL CHECK (sold_ghs > 0),
    amount_cents     bigint NOT NULL CHECK (amount_cents > 0),
    commission_cents bigint NOT NULL CHECK (commission_cents BETWEEN 0 AND amount_cents),
    received_cents   bigint NOT NULL DEFAULT 0 CHECK (received_cents IN (0, amount_cents)),
    paid_cents       bigint NOT NULL DEFAULT 0 CHECK (paid_cents >= 0),
    kept_cents       bigint NOT NULL DEFAULT 0 CHECK (kept_cents >= 0),
    refunded_cents   bigint NOT NULL DEFAULT 0 CHECK (refunded_cents >= 0),
    state            text NOT NULL CHECK (state IN ('matched', 'funded', 'shipped', 'delivered', 'proving',
                         'proven', 'released', 'refuted', 'disputed', 'cancelled')),
    history          jsonb NOT NULL,
    reason           text NOT NULL DEFAULT '',
    matched_at       timestamptz NOT NULL,
    payment_due      timestamptz NOT NULL,
    proof_due        timestamptz,
    version          bigint NOT NULL DEFAULT 1,
    CHECK (buyer_org <> seller_org),
    -- Never more leaves a trade than came in.
    CHECK (paid_cents + kept_cents + refunded_cents <= received_cents),
    CHECK (state <> 'released' OR (received_cents = amount_cents AND paid_cents + kept_cents = amount_cents)),
    CHECK (state IN ('matched', 'cancelled') OR received_cents = amount_cents)
);
CREATE INDEX trades_buyer ON trades (buyer_org, id);
CREATE INDEX trades_seller ON trades (seller_org, id);
SELECT hashyard_two_party('trades', 'buyer_org', 'seller_org');
REVOKE INSERT, DELETE ON trades FROM hashyard_app;
REVOKE DELETE ON trades FROM hashyard_system;

CREATE TABLE trade_units (
    trade_id         uuid NOT NULL,
    position         int NOT NULL,
    unit_id          uuid NOT NULL,
    buyer_org        uuid NOT NULL,
    seller_org       uuid NOT NULL,
    sold_ghs         bigint NOT NULL CHECK (sold_ghs > 0),
    proof            text NOT NULL DEFAULT 'waiting' CHECK (proof IN ('waiting', 'running', 'passed', 'failed')),
    proof_started_at timestamptz,
    proof_decided_at timestamptz,
    verdict          text NOT NULL DEFAULT '',
    estimate_hs      double precision NOT NULL DEFAULT 0,
    lower_hs         double precision NOT NULL DEFAULT 0,
    upper_hs         double precision NOT NULL DEFAULT 0,
    floor_hs         double precision NOT NULL DEFAULT 0,
    effective        double precision NOT NULL DEFAULT 0,
    shares           bigint NOT NULL DEFAULT 0,
    work             numeric(39,0) NOT NULL DEFAULT 0,
    window_from      timestamptz,
    window_to        timestamptz,
    PRIMARY KEY (trade_id, unit_id),
    UNIQUE (trade_id, position)
);
CREATE INDEX trade_units_unit ON trade_units (unit_id, trade_id);
SELECT hashyard_two_party('trade_units', 'buyer_org', 'seller_org');
REVOKE INSERT, DELETE ON trade_units FROM hashyard_app;
REVOKE DELETE ON trade_units FROM hashyard_system;

-- How the buyer pays; the seller sees no bank account of the buyer's.
CREATE TABLE payments (
    trade_id       uuid PRIMARY KEY,
    buyer_org      uuid NOT NULL,
    key            text NOT NULL UNIQUE,
    rail_id        text UNIQUE,
    status         text NOT NULL CHECK (status IN ('open', 'succeeded', 'canceled')),
    amount_cents   bigint NOT NULL CHECK (amount_cents > 0),
    received_cents bigint NOT NULL CHECK (received_cents BETWEEN 0 AND amount_cents),
    instructions   jsonb NOT NULL,
    opened_at      timestamptz NOT NULL,
    succeeded_at   timestamptz
);
CREATE INDEX payments_open ON payments (opened_at) WHERE status = 'open';
SELECT hashyard_tenant('payments', 'buyer_org');
REVOKE DELETE ON payments FROM hashyard_app, hashyard_system;

-- The one time that held money leaves a trade: written before the rail is
-- called, done when the ledger has it.
CREATE TABLE settlements (
    trade_id         uuid PRIMARY KEY,
    buyer_org        uuid NOT NULL,
    seller_org       uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('release', 'refund')),
    key              text NOT NULL UNIQUE,
    amount_cents     bigint NOT NULL CHECK (amount_cents > 0),
    commission_cents bigint NOT NULL CHECK (commission_cents BETWEEN 0 AND amount_cents),
    rail_id          text NOT NULL DEFAULT '',
    made_at          timestamptz NOT NULL,
    done_at          timestamptz,
    CHECK ((done_at IS NULL) = (rail_id = ''))
);
SELECT hashyard_two_party('settlements', 'buyer_org', 'seller_org');
REVOKE INSERT, UPDATE, DELETE ON settlements FROM hashyard_app;
REVOKE DELETE ON settlements FROM hashyard_system;

-- Who an organisation is on the rail.
CREATE TABLE rail_parties (
    org_id  uuid NOT NULL,
    role    text NOT NULL CHECK (role IN ('customer', 'account')),
    rail_id text NOT NULL CHECK (rail_id <> ''),
    PRIMARY KEY (org_id, role)
);
SELECT hashyard_system_only('rail_parties');

-- Webhooks that took effect.
CREATE TABLE rail_events (
    provider   text NOT NULL,
    event_id   text NOT NULL,
    type       text NOT NULL,
    payment_id text NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (provider, event_id)
);
SELECT hashyard_system_only('rail_events');
SELECT hashyard_append_only('rail_events');

-- +goose Down
-- Forward only.
