-- The ledger: entries of postings, append-only. Debit is positive; every
-- entry sums to zero in every currency, which the database itself holds.

-- +goose Up
CREATE TABLE ledger_entries (
    id       uuid PRIMARY KEY,
    key      text NOT NULL UNIQUE CHECK (key <> ''),
    hash     bytea NOT NULL CHECK (length(hash) = 32),
    at       timestamptz NOT NULL,
    memo     text NOT NULL,
    ref_kind text NOT NULL,
    ref_id   uuid NOT NULL,
    orgs     uuid[] NOT NULL CHECK (cardinality(orgs) > 0),
    postings int NOT NULL CHECK (postings >= 2)
);
CREATE INDEX ledger_entries_ref ON ledger_entries (ref_kind, ref_id, id);
SELECT hashyard_shared('ledger_entries', 'orgs');
SELECT hashyard_append_only('ledger_entries');

CREATE TABLE ledger_postings (
    entry_id uuid NOT NULL REFERENCES ledger_entries DEFERRABLE INITIALLY DEFERRED,
    position int NOT NULL,
    org_id   uuid NOT NULL,
    currency text NOT NULL CHECK (currency IN ('USD', 'BTC')),
    purpose  text NOT NULL CHECK (purpose IN ('stripe_balance', 'commission', 'treasury_coins', 'treasury_in_flight',
                 'capital', 'block_rewards', 'fpps_expense', 'pool_fee', 'residue', 'network_fees', 'held', 'earnings')),
    amount   bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry_id, position)
);
CREATE INDEX ledger_postings_account ON ledger_postings (org_id, currency, purpose, entry_id);
SELECT hashyard_tenant('ledger_postings');
SELECT hashyard_append_only('ledger_postings');
REVOKE INSERT ON ledger_postings FROM hashyard_app;

-- Balances, kept by the trigger below in the same transaction. What the house
-- owes may never become a claim.
CREATE TABLE ledger_accounts (
    org_id   uuid NOT NULL,
    currency text NOT NULL,
    purpose  text NOT NULL,
    balance  bigint NOT NULL,
    PRIMARY KEY (org_id, currency, purpose),
    CONSTRAINT ledger_owed_never_a_claim CHECK (purpose NOT IN ('held', 'earnings') OR balance <= 0)
);
-- Each account of the house exists once: nobody else has one.
CREATE UNIQUE INDEX ledger_one_house ON ledger_accounts (currency, purpose) WHERE purpose NOT IN ('held', 'earnings');
SELECT hashyard_tenant('ledger_accounts');
REVOKE INSERT, UPDATE, DELETE ON ledger_accounts FROM hashyard_app;
REVOKE DELETE ON ledger_accounts FROM hashyard_system;

-- Tried as an update first: the check constraint would refuse the inserted
-- half of an upsert that only lowers what is owed.
-- +goose StatementBegin
CREATE FUNCTION ledger_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_accounts SET balance = balance + NEW.amount
    WHERE org_id = NEW.org_id AND currency = NEW.currency AND purpose = NEW.purpose;
    IF NOT FOUND THEN
        INSERT INTO ledger_accounts (org_id, currency, purpose, balance)
        VALUES (NEW.org_id, NEW.currency, NEW.purpose, 0) ON CONFLICT DO NOTHING;
        UPDATE ledger_accounts SET balance = balance + NEW.amount
        WHERE org_id = NEW.org_id AND currency = NEW.currency AND purpose = NEW.purpose;
        IF NOT FOUND THEN
            RAISE EXCEPTION '% in % is an account of the house, not of %', NEW.purpose, NEW.currency, NEW.org_id
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_balance AFTER INSERT ON ledger_postings
    FOR EACH ROW EXECUTE FUNCTION ledger_balance();

-- Checked at commit, when the entry is whole.
-- +goose StatementBegin
CREATE FUNCTION ledger_entry_sound() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry  uuid;
    wrong  text;
    lines  bigint;
    wanted int;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entries' THEN
        entry := NEW.id;
    ELSE
        entry := NEW.entry_id;
    END IF;
    SELECT postings INTO wanted FROM ledger_entries WHERE id = entry;
    SELECT count(*) INTO lines FROM ledger_postings WHERE entry_id = entry;
    IF wanted IS NULL OR lines <> wanted THEN
        RAISE EXCEPTION 'ledger entry % has % of % postings', entry, lines, wanted USING ERRCODE = 'check_violation';
    END IF;
    SELECT string_agg(currency || ' ' || total, ', ') INTO wrong
    FROM (SELECT currency, sum(amount) AS total FROM ledger_postings WHERE entry_id = entry GROUP BY currency) s
    WHERE total <> 0;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger entry % does not sum to zero: %', entry, wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER ledger_entry_sound AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_sound();
CREATE CONSTRAINT TRIGGER ledger_posting_sound AFTER INSERT ON ledger_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_sound();

-- +goose Down
-- Forward only.
