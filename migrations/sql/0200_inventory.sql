-- Inventory: models, units with their custody, what holds them, shipments.

-- +goose Up
CREATE TABLE models (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL UNIQUE CHECK (name <> ''),
    base                 text NOT NULL,
    maker                text NOT NULL,
    family               text NOT NULL,
    nominal_ghs          bigint NOT NULL CHECK (nominal_ghs > 0),
    millijoules_per_th   bigint NOT NULL CHECK (millijoules_per_th > 0),
    aliases              text[] NOT NULL DEFAULT '{}'
);
SELECT hashyard_public_read('models');

CREATE TABLE units (
    id             uuid PRIMARY KEY,
    owner_org      uuid NOT NULL,
    custodian_org  uuid,
    carrier        text NOT NULL DEFAULT '',
    destined_org   uuid,
    site_id        uuid,
    -- Unique across makers: a maker is only what a machine's firmware says,
    -- so (maker, serial) could be listed twice by changing firmware.
    serial         text NOT NULL UNIQUE CHECK (serial ~ '^[A-Z0-9-]{4,64}$'),
    mac            text NOT NULL DEFAULT '',
    model          text NOT NULL DEFAULT '',
    model_id       uuid,
    boards         text[] NOT NULL DEFAULT '{}',
    nominal_ghs    bigint NOT NULL DEFAULT 0 CHECK (nominal_ghs >= 0),
    state          text NOT NULL CHECK (state IN
                       ('available', 'listed', 'sold', 'packed', 'in_transit', 'arrived', 'received')),
    order_id       uuid,
    trade_id       uuid,
    custody_seq    int NOT NULL CHECK (custody_seq > 0),
    readers        uuid[] NOT NULL,
    version        bigint NOT NULL DEFAULT 1,
    registered_at  timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL,
    -- Exactly one custodian: an organisation or a carrier.
    CHECK ((custodian_org IS NULL) <> (carrier = '')),
    CHECK (state = 'available' OR order_id IS NOT NULL),
    CHECK (state <> 'available' OR (order_id IS NULL AND trade_id IS NULL)),
    CHECK (owner_org = ANY (readers))
);
CREATE INDEX units_owner ON units (owner_org, id);
CREATE INDEX units_custodian ON units (custodian_org, id);
CREATE INDEX units_mac ON units (mac) WHERE mac <> '';
SELECT hashyard_shared('units', 'readers');
-- Whoever owns a unit, has it or is to receive it may move it along; the
-- rules of package inventory say how.
GRANT UPDATE ON units TO hashyard_app;
CREATE POLICY holders ON units FOR UPDATE TO hashyard_app
    USING (hashyard_org() IN (owner_org, custodian_org, destined_org))
    WITH CHECK (hashyard_org() IN (owner_org, custodian_org, destined_org));

CREATE TABLE custody (
    unit_id       uuid NOT NULL,
    seq           int NOT NULL CHECK (seq > 0),
    from_org      uuid,
    from_carrier  text NOT NULL DEFAULT '',
    to_org        uuid,
    to_carrier    text NOT NULL DEFAULT '',
    at            timestamptz NOT NULL,
    reason        text NOT NULL,
    shipment_id   uuid,
    by_user       uuid,
    orgs          uuid[] NOT NULL,
    PRIMARY KEY (unit_id, seq),
    CHECK ((to_org IS NULL) <> (to_carrier = '')),
    CHECK ((seq = 1) = (from_org IS NULL AND from_carrier = ''))
);
SELECT hashyard_shared('custody', 'orgs');
SELECT hashyard_append_only('custody');
GRANT INSERT ON custody TO hashyard_app;
CREATE POLICY hand_over ON custody FOR INSERT TO hashyard_app
    WITH CHECK (hashyard_org() IN (from_org, to_org));

-- What holds a unit, with its history: never two live holders.
CREATE TABLE reservations (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    unit_id      uuid NOT NULL,
    order_id     uuid NOT NULL,
    trade_id     uuid,
    at           timestamptz NOT NULL,
    released_at  timestamptz
);
CREATE UNIQUE INDEX reservations_one_live ON reservations (unit_id) WHERE released_at IS NULL;
CREATE INDEX reservations_order ON reservations (order_id);
SELECT hashyard_tenant('reservations');

CREATE TABLE unit_mismatches (
    id       uuid PRIMARY KEY,
    org_id   uuid NOT NULL, -- whose agent saw it
    unit_id  uuid NOT NULL,
    field    text NOT NULL CHECK (field IN ('mac', 'boards', 'model')),
    known    text NOT NULL,
    seen     text NOT NULL,
    at       timestamptz NOT NULL,
    UNIQUE (unit_id, org_id, field, known, seen)
);
SELECT hashyard_tenant('unit_mismatches');
SELECT hashyard_append_only('unit_mismatches');

-- The life line: every event that names the unit.
CREATE TABLE unit_events (
    unit_id   uuid NOT NULL,
    event_id  uuid NOT NULL,
    kind      text NOT NULL,
    ref_kind  text NOT NULL,
    ref_id    uuid,
    at        timestamptz NOT NULL,
    orgs      uuid[] NOT NULL,
    payload   jsonb NOT NULL,
    PRIMARY KEY (unit_id, event_id)
);
SELECT hashyard_shared('unit_events', 'orgs');
SELECT hashyard_append_only('unit_events');

CREATE TABLE shipments (
    id             uuid PRIMARY KEY,
    trade_id       uuid NOT NULL UNIQUE,
    seller_org     uuid NOT NULL,
    buyer_org      uuid NOT NULL,
    state          text NOT NULL CHECK (state IN
                       ('packing', 'packed', 'dispatched', 'arrived', 'received', 'exception')),
    carrier        text NOT NULL DEFAULT '',
    tracking       text NOT NULL DEFAULT '',
    reason         text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL,
    packed_at      timestamptz,
    dispatched_at  timestamptz,
    arrived_at     timestamptz,
    received_at    timestamptz,
    version        bigint NOT NULL DEFAULT 1
);
CREATE INDEX shipments_seller ON shipments (seller_org, id);
CREATE INDEX shipments_buyer ON shipments (buyer_org, id);
SELECT hashyard_two_party('shipments', 'seller_org', 'buyer_org');

CREATE TABLE shipment_lines (
    shipment_id  uuid NOT NULL,
    position     int NOT NULL,
    unit_id      uuid NOT NULL,
    serial       text NOT NULL,
    mac          text NOT NULL DEFAULT '',
    seller_org   uuid NOT NULL,
    buyer_org    uuid NOT NULL,
    packed_at    timestamptz,
    packed_by    uuid,
    received_at  timestamptz,
    received_by  uuid,
    PRIMARY KEY (shipment_id, position),
    UNIQUE (shipment_id, unit_id)
);
CREATE INDEX shipment_lines_unit ON shipment_lines (unit_id);
SELECT hashyard_two_party('shipment_lines', 'seller_org', 'buyer_org');

CREATE TABLE shipment_scans (
    id           uuid PRIMARY KEY,
    shipment_id  uuid NOT NULL,
    seller_org   uuid NOT NULL,
    buyer_org    uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('pack', 'receive')),
    serial       text NOT NULL,
    unit_id      uuid,
    outcome      text NOT NULL CHECK (outcome IN ('counted', 'repeated', 'wrong')),
    by_user      uuid,
    at           timestamptz NOT NULL
);
CREATE INDEX shipment_scans_shipment ON shipment_scans (shipment_id, id);
SELECT hashyard_two_party('shipment_scans', 'seller_org', 'buyer_org');
SELECT hashyard_append_only('shipment_scans');

-- +goose Down
-- Forward only.
