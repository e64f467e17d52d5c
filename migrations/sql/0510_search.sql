-- What people type into a search finds its row without reading the table.

-- +goose Up
-- People are shown the last six characters of an order's id.
CREATE INDEX orders_tail ON orders (right(id::text, 6));
CREATE INDEX settlements_rail ON settlements (rail_id) WHERE rail_id <> '';
CREATE INDEX settlements_open ON settlements (made_at) WHERE done_at IS NULL;
CREATE INDEX shipments_tracking ON shipments (upper(tracking)) WHERE tracking <> '';
-- What waits for somebody.
CREATE INDEX trades_waiting ON trades (state) WHERE state NOT IN ('released', 'cancelled');
CREATE INDEX shipments_open ON shipments (state) WHERE state NOT IN ('received', 'cancelled', 'returned');

-- +goose Down
-- Forward only.
