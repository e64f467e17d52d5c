-- Where in its trace an event happened, so that its handlers go on there; null
-- while nothing is traced.

-- +goose Up
ALTER TABLE outbox ADD COLUMN trace text CHECK (length(trace) <= 100);
-- The trace in which a thing's story began.
CREATE INDEX outbox_trace ON outbox (ref_kind, ref_id, id) WHERE trace IS NOT NULL;

-- +goose Down
-- Forward only.
