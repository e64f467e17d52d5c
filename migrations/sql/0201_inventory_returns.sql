-- Inventory: what becomes of machines when their trade is refunded, what a
-- dispute stops, and custody rows for those who were part of the hand-over.

-- +goose Up
ALTER TABLE units DROP CONSTRAINT units_state_check;
ALTER TABLE units ADD CONSTRAINT units_state_check CHECK (state IN
    ('available', 'listed', 'sold', 'packed', 'in_transit', 'arrived', 'received', 'returning'));

ALTER TABLE shipments DROP CONSTRAINT shipments_state_check;
ALTER TABLE shipments ADD CONSTRAINT shipments_state_check CHECK (state IN
    ('packing', 'packed', 'dispatched', 'arrived', 'received', 'exception', 'cancelled', 'returning', 'returned'));
-- stopped is why the seller may not go on; decided_at is when the trade's
-- money was decided about, after which a late dispute stops nothing.
ALTER TABLE shipments
    ADD COLUMN stopped     text NOT NULL DEFAULT '',
    ADD COLUMN decided_at  timestamptz,
    ADD COLUMN returned_at timestamptz;

ALTER TABLE shipment_lines
    ADD COLUMN returned_at timestamptz,
    ADD COLUMN returned_by uuid;

ALTER TABLE shipment_scans DROP CONSTRAINT shipment_scans_kind_check;
ALTER TABLE shipment_scans ADD CONSTRAINT shipment_scans_kind_check CHECK (kind IN ('pack', 'receive', 'return'));

-- +goose Down
-- Forward only.
