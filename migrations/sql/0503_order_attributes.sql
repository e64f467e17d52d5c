-- +goose Up
-- What an order asks for beside side, price and units; brokerage/book holds the
-- rules. Orders from before ask for nothing.
ALTER TABLE orders
    ADD COLUMN type       text NOT NULL DEFAULT 'limit' CHECK (type IN ('limit', 'market')),
    ADD COLUMN stp        text NOT NULL DEFAULT 'cancel-newest' CHECK (stp IN ('cancel-newest', 'cancel-oldest', 'cancel-both')),
    ADD COLUMN post_only  boolean NOT NULL DEFAULT false,
    ADD COLUMN aon        boolean NOT NULL DEFAULT false,
    ADD COLUMN min_units  bigint NOT NULL DEFAULT 0 CHECK (min_units >= 0),
    ADD COLUMN lot        bigint NOT NULL DEFAULT 0 CHECK (lot >= 0),
    ADD COLUMN expires_at timestamptz,
    DROP CONSTRAINT orders_tif_check,
    ADD CONSTRAINT orders_tif_check CHECK (tif IN ('gtc', 'ioc', 'gtd', 'fok')),
    ADD CONSTRAINT orders_expires_check CHECK ((tif = 'gtd') = (expires_at IS NOT NULL));

ALTER TABLE market_journal
    DROP CONSTRAINT market_journal_kind_check,
    ADD CONSTRAINT market_journal_kind_check CHECK (kind IN ('place', 'cancel', 'replace', 'expire', 'halt', 'resume')),
    ALTER COLUMN order_id DROP NOT NULL,
    ADD CONSTRAINT market_journal_order_check CHECK ((order_id IS NULL) = (kind IN ('expire', 'halt', 'resume')));

-- A book's state beside its orders: whether it matches, and the latest moment,
-- in ms since 1970, at which orders expired.
ALTER TABLE market_books
    ADD COLUMN halted   boolean NOT NULL DEFAULT false,
    ADD COLUMN clock_ms bigint NOT NULL DEFAULT 0;
