-- Brokerage: what the buyer saw of each machine's condition stays with the
-- trade; why a settlement waits is told.

-- +goose Up
ALTER TABLE trade_units ADD COLUMN condition jsonb;
ALTER TABLE settlements ADD COLUMN trouble text NOT NULL DEFAULT '';

-- +goose Down
-- Forward only.
