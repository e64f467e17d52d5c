-- Inventory: what the bench needs. Shipments get a number that people say, a
-- box for every packed machine and the legs of their way; machines a shelf, and
-- those that were entered by hand wait for an agent to see them.

-- +goose Up
ALTER TABLE shipments
    ADD COLUMN number   bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN box_size int NOT NULL DEFAULT 4 CHECK (box_size BETWEEN 1 AND 48);

ALTER TABLE shipment_lines ADD COLUMN box int CHECK (box > 0);
ALTER TABLE shipment_lines ADD CONSTRAINT shipment_lines_box_packed CHECK (box IS NULL OR packed_at IS NOT NULL);

ALTER TABLE shipment_scans DROP CONSTRAINT shipment_scans_outcome_check;
ALTER TABLE shipment_scans ADD CONSTRAINT shipment_scans_outcome_check CHECK (outcome IN ('counted', 'repeated', 'wrong', 'undone'));
-- The scanner's own clock: a scan may have waited on a device without network.
ALTER TABLE shipment_scans ADD COLUMN device_at timestamptz;

CREATE TABLE shipment_legs (
    shipment_id   uuid NOT NULL,
    position      int NOT NULL,
    seller_org    uuid NOT NULL,
    buyer_org     uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('road', 'air', 'sea', 'rail', 'customs')),
    name          text NOT NULL CHECK (name <> ''),
    carrier       text NOT NULL DEFAULT '',
    note          text NOT NULL DEFAULT '',
    planned_from  timestamptz,
    planned_to    timestamptz,
    actual_from   timestamptz,
    actual_to     timestamptz,
    PRIMARY KEY (shipment_id, position),
    CHECK (planned_to IS NULL OR planned_from <= planned_to),
    CHECK (actual_to IS NULL OR actual_from <= actual_to)
);
SELECT hashyard_two_party('shipment_legs', 'seller_org', 'buyer_org');

-- shelf is where the custodian keeps it; entered says that no agent has seen
-- the machine yet, only somebody's list.
ALTER TABLE units
    ADD COLUMN shelf   text NOT NULL DEFAULT '',
    ADD COLUMN entered boolean NOT NULL DEFAULT false;

-- +goose Down
-- Forward only.
