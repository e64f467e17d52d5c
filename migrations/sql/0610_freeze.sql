-- The treasury: the switch that stops payouts, and what the books were compared
-- with outside them.

-- +goose Up
-- The newest row holds.
CREATE TABLE payout_freezes (
    id      uuid PRIMARY KEY,
    frozen  boolean NOT NULL,
    reason  text NOT NULL CHECK (reason <> ''),
    by_user uuid,
    by_name text NOT NULL,
    at      timestamptz NOT NULL
);
SELECT hashyard_system_only('payout_freezes');
SELECT hashyard_append_only('payout_freezes');

-- Held by the database too: nothing that was signed is stored while payouts are
-- frozen, and only what is stored is ever sent.
-- +goose StatementBegin
CREATE FUNCTION payout_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    f payout_freezes%ROWTYPE;
BEGIN
    IF NEW.tx IS NOT NULL AND OLD.tx IS NULL THEN
        SELECT * INTO f FROM payout_freezes ORDER BY id DESC LIMIT 1;
        IF f.frozen THEN
            RAISE EXCEPTION 'payouts are frozen since %: %', f.at, f.reason USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payout_frozen BEFORE UPDATE ON payouts FOR EACH ROW EXECUTE FUNCTION payout_frozen();

CREATE TABLE reconciliations (
    id       uuid PRIMARY KEY,
    at       timestamptz NOT NULL,
    height   bigint NOT NULL,
    lines    jsonb NOT NULL,
    differ   int NOT NULL CHECK (differ >= 0),
    froze    boolean NOT NULL DEFAULT false
);
SELECT hashyard_system_only('reconciliations');
SELECT hashyard_append_only('reconciliations');

-- +goose Down
-- Forward only.
