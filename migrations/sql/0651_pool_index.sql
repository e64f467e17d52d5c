-- The pool: all that a fee index reads of a block, kept by its hash, and rates
-- whose fee index is read anew within a settlement period.

-- +goose Up
-- Rows of before lack these and are read anew when they are needed.
ALTER TABLE pool_block_fees ADD COLUMN subsidy_sats bigint CHECK (subsidy_sats >= 0);
ALTER TABLE pool_block_fees ADD COLUMN nbits bigint;
ALTER TABLE pool_block_fees ADD COLUMN at timestamptz;

ALTER TABLE pool_epochs ADD COLUMN fee_from timestamptz NOT NULL DEFAULT '1970-01-01Z';
ALTER TABLE pool_epochs DROP CONSTRAINT pool_epochs_period_start_period_end_nbits_subsidy_sats_key;
CREATE UNIQUE INDEX pool_epochs_key ON pool_epochs (period_start, period_end, nbits, subsidy_sats, fee_from);

-- +goose Down
-- Forward only.
