-- The audit trail as one hash chain an organisation; rows of no organisation
-- are the chain of the zero id.
--
-- A row is chained by a deferred trigger, at the very end of its transaction:
-- the lock of its organisation's chain is held while the commit is written and
-- not while the command works. A transaction that wrote rows of several
-- organisations takes their locks in one order, so that two of them never wait
-- for each other.

-- +goose Up
CREATE TABLE audit_chain (
    chain    uuid NOT NULL,
    seq      bigint NOT NULL CHECK (seq > 0),
    audit_id uuid NOT NULL UNIQUE,
    hash     bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, seq)
);

-- hashyard_audit_hash is SHA-256 over the hash before and the row's canonical
-- bytes: a fixed list of fields, each as its length in bytes, a colon and its
-- text, or "-" where there is none. web/audit computes the same in Go.
-- +goose StatementBegin
CREATE FUNCTION hashyard_audit_hash(before bytea, chain uuid, seq bigint, a audit) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || convert_to(string_agg(coalesce(octet_length(f.v) || ':' || f.v, '-'), ',' ORDER BY f.n), 'UTF8'))
    FROM unnest(ARRAY[
        'hashyard audit 1', chain::text, seq::text, a.id::text, a.org_id::text,
        to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        a.actor::text, a.command, a.ref_kind, a.ref_id::text, a.before::text, a.after::text
    ]) WITH ORDINALITY AS f (v, n)
$$;
-- +goose StatementEnd

-- hashyard_audit_note remembers in the transaction whose chains it will need.
-- +goose StatementBegin
CREATE FUNCTION hashyard_audit_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chain text := coalesce(NEW.org_id, '00000000-0000-0000-0000-000000000000')::text;
    noted text := coalesce(current_setting('app.audited', true), '');
BEGIN
    IF position(chain IN noted) = 0 THEN
        PERFORM set_config('app.audited', noted || chain || ' ', true);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hashyard_audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mine  uuid := coalesce(NEW.org_id, '00000000-0000-0000-0000-000000000000');
    noted text := coalesce(current_setting('app.audited', true), '');
    k     text;
    last  audit_chain;
BEGIN
    IF noted <> '' THEN
        FOR k IN SELECT DISTINCT c FROM unnest(string_to_array(trim(noted), ' ')) c ORDER BY c LOOP
            PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || k, 0));
        END LOOP;
        PERFORM set_config('app.audited', '', true);
    END IF;
    -- A snapshot of its own, taken under the lock: it sees the head.
    SELECT * INTO last FROM audit_chain c WHERE c.chain = mine ORDER BY c.seq DESC LIMIT 1;
    INSERT INTO audit_chain (chain, seq, audit_id, hash)
    VALUES (mine, coalesce(last.seq, 0) + 1, NEW.id,
            hashyard_audit_hash(coalesce(last.hash, ''), mine, coalesce(last.seq, 0) + 1, NEW));
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The rows there are already, in the order of their ids. The table's owner
-- passes its own policies while they are not forced.
ALTER TABLE audit NO FORCE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    a    audit;
    mine uuid;
    last audit_chain;
BEGIN
    FOR a IN SELECT * FROM audit ORDER BY org_id NULLS FIRST, id LOOP
        mine := coalesce(a.org_id, '00000000-0000-0000-0000-000000000000');
        IF last.chain IS DISTINCT FROM mine THEN
            last := ROW (mine, 0, NULL, ''::bytea)::audit_chain;
        END IF;
        last := ROW (mine, last.seq + 1, a.id, hashyard_audit_hash(last.hash, mine, last.seq + 1, a))::audit_chain;
        INSERT INTO audit_chain SELECT last.*;
    END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE audit FORCE ROW LEVEL SECURITY;

SELECT hashyard_tenant('audit_chain', 'chain');
SELECT hashyard_append_only('audit_chain');

CREATE TRIGGER audit_note BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION hashyard_audit_note();
CREATE CONSTRAINT TRIGGER audit_link AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hashyard_audit_link();

-- +goose Down
-- Forward only.
