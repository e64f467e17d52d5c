package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"hashyard"
	"hashyard/web"
)

// things are one row of each kind between the seller and the buyer of a yard.
type things struct {
	unit, trade, order, shipment, payout hashyard.ID
	number                               int64
	txid                                 string
}

const blockHash = "00000000000000000003a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"

// fill makes them without their rules: what is found is under test.
func (y *yard) fill(state string) things {
	y.t.Helper()
	seller, buyer := y.seed.Houses[1].ID, y.seed.Houses[2].ID
	th := things{
		unit: hashyard.NewID(), trade: hashyard.NewID(), order: hashyard.NewID(), shipment: hashyard.NewID(), payout: hashyard.NewID(),
		txid: strings.Repeat("ab12cd34", 8),
	}
	y.sql(`INSERT INTO units (id, owner_org, custodian_org, serial, mac, model, boards, nominal_ghs, state, custody_seq, readers, registered_at, seen_at)
		VALUES ($1, $2, $2, 'SMTTEZUBDJAJG0417', 'aa:bb:cc:dd:ee:ff', 'Antminer S19', '{}', 95000, 'available', 1, ARRAY[$2]::uuid[], now(), now())`, th.unit, seller)
	y.sql(`INSERT INTO orders (id, org_id, instrument_id, command_id, side, tif, price_mc, units, filled, unit_ids, state, created_at, changed_at)
		SELECT $1, $2, id, gen_random_uuid(), 'ask', 'gtc', 1142000, 1, 0, ARRAY[$3]::uuid[], 'placing', now(), now() FROM instruments LIMIT 1`, th.order, seller, th.unit)
	if err := y.owner.QueryRow(y.t.Context(), `
		INSERT INTO trades (id, buyer_org, seller_org, instrument_id, bid_order_id, ask_order_id, maker, price_mc, sold_ghs, amount_cents,
			commission_cents, received_cents, state, history, reason, matched_at, payment_due)
		SELECT $1, $2, $3, id, gen_random_uuid(), $4, 'ask', 1142000, 95000, 108490, 1627, CASE WHEN $5 = 'matched' THEN 0 ELSE 108490 END,
			$5, '[]', 'a board is missing', now(), now() + interval '48 h' FROM instruments LIMIT 1 RETURNING number`,
		th.trade, buyer, seller, th.order, state).Scan(&th.number); err != nil {
		y.t.Fatal(err)
	}
	y.sql(`INSERT INTO payments (trade_id, buyer_org, key, rail_id, status, amount_cents, received_cents, instructions, opened_at)
		VALUES ($1, $2, 'k', 'pi_Abc123', 'open', 108490, 0, '{}', now())`, th.trade, buyer)
	y.sql(`INSERT INTO shipments (id, trade_id, seller_org, buyer_org, state, tracking, created_at)
		VALUES ($1, $2, $3, $4, 'packing', 'KF882310041722', now())`, th.shipment, th.trade, seller, buyer)
	y.sql(`INSERT INTO payouts (id, org_id, address, amount_sats, state, reason, requested_at, refused_at)
		VALUES ($1, $2, 'bcrt1q', 4014, 'refused', 'the address is not enrolled', now(), now())`, hashyard.NewID(), buyer)
	y.sql(`INSERT INTO payouts (id, org_id, address, amount_sats, state, txid, tx, requested_at, signed_at, broadcast_at)
		VALUES ($1, $2, 'bcrt1q', 4014, 'broadcast', $3, '\x00', now(), now(), now())`, th.payout, seller, th.txid)
	y.sql(`INSERT INTO pool_blocks (hash, prev, height, nbits, value_sats, raw, found_at, state, updated_at)
		VALUES (decode($1, 'hex'), decode($1, 'hex'), 815000, 1, 1, '\x00', now(), 'accepted', now())`, reversed(blockHash))
	return th
}

func reversed(hash string) string {
	var out strings.Builder
	for i := len(hash); i > 0; i -= 2 {
		out.WriteString(hash[i-2 : i])
	}
	return out.String()
}

// found are the kinds and ids a search answers.
func (y *yard) found(key, q string) (out []string) {
	y.t.Helper()
	code, body := y.get(y.web+"/api/v1/search?q="+url.QueryEscape(q), key)
	if code != http.StatusOK {
		y.t.Fatalf("search %q: %d %s", q, code, body)
	}
	var doc SearchResult
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		y.t.Fatal(err)
	}
	n := 0
	for _, g := range doc.Groups {
		for _, h := range g.Hits {
			out = append(out, g.Kind+" "+h.ID)
			if n++; h.Label == "" || h.State == "" || h.About == "" {
				y.t.Errorf("a hit says too little: %+v", h)
			}
		}
	}
	if n > 20 {
		y.t.Errorf("search %q: %d hits", q, n)
	}
	return out
}

// TestSearch: what people call a thing finds it, for those who may see it.
func TestSearch(t *testing.T) {
	t.Parallel()
	y := newYard(t, "stranger")
	y.keys["seller.logistics"], _ = web.NewKey()
	y.keys["house.viewer"], _ = web.NewKey()
	y.serve(y.flags())
	th := y.fill("disputed")
	machine, trade, order := "machine "+th.unit.String(), "trade "+th.trade.String(), "order "+th.order.String()
	shipment, payout, block := "shipment "+th.shipment.String(), "payout "+th.payout.String(), "block "+blockHash
	tail := th.order.String()[30:]
	number := fmt.Sprintf("T-%d", th.number)
	logistics, viewer := y.keys["seller.logistics"], y.keys["house.viewer"]
	for _, c := range []struct{ who, q, want string }{
		{"seller.owner", "jajg04", machine},
		{"seller.owner", "AA-BB-CC-DD-EE-FF", machine},
		{"seller.owner", "aabbccdd", machine},
		{"buyer.owner", "jajg04", ""}, // never was theirs to read
		{"seller.owner", number, trade},
		{"buyer.owner", number, trade},
		{"house.desk", number, trade},
		{"stranger.owner", number, ""},
		{"buyer.owner", "pi_Abc123", trade},
		{"seller.owner", "pi_Abc123", ""}, // the buyer's payment
		{"seller.owner", tail, order},
		{"seller.trader", "O-" + strings.ToUpper(tail), order},
		{"seller.owner", th.order.String(), order},
		{"buyer.owner", tail, ""},
		{"seller.owner", "kf882310041722", shipment},
		{"buyer.owner", "S-0001", shipment},
		{"stranger.owner", "S-0001", ""},
		{"seller.owner", th.txid, payout},
		{"seller.owner", th.txid[:6], payout},
		{"seller.owner", th.txid[:5], ""},
		{"buyer.owner", th.txid, ""},
		{"seller.owner", blockHash, block},
		{"stranger.owner", "815000", block},
		{"seller.owner", "%", ""},
		{"seller.owner", "' OR 1=1 --", ""},
	} {
		if got := strings.Join(y.found(y.keys[c.who], c.q), ", "); got != c.want {
			t.Errorf("%s searches %q: %q, want %q", c.who, c.q, got, c.want)
		}
	}
	// A role without the action does not find, and the house's organisation
	// alone does not see across organisations.
	if got := y.found(logistics, tail); len(got) != 0 {
		t.Errorf("logistics finds an order: %v", got)
	}
	if got := y.found(logistics, "jajg04"); !slices.Equal(got, []string{machine}) {
		t.Errorf("logistics finds %v", got)
	}
	if got := y.found(viewer, number); len(got) != 0 {
		t.Errorf("a viewer of the house's organisation finds %v", got)
	}
}

// TestTurnsAndDesk: the rail counts what waits for an organisation, the desk
// sees what waits for the house.
func TestTurnsAndDesk(t *testing.T) {
	t.Parallel()
	y := newYard(t, "stranger")
	y.serve(y.flags())
	matched := y.fill("matched")
	turns := func(key string) (out Turns) {
		t.Helper()
		if code, body := y.get(y.web+"/api/v1/turns", key); code != http.StatusOK || json.Unmarshal([]byte(body), &out) != nil {
			t.Fatalf("turns: %d %s", code, body)
		}
		return out
	}
	for who, want := range map[string]Turns{
		"seller.owner":   {Logistics: 1},
		"buyer.owner":    {Market: 1, Money: 1},
		"stranger.owner": {},
		"house.desk":     {Desk: 1}, // the refused payout
	} {
		if got := turns(y.keys[who]); got != want {
			t.Errorf("%s: %+v, want %+v", who, got, want)
		}
	}
	y.sql("UPDATE trades SET payment_due = now() - interval '1 h' WHERE id = $1", matched.trade)
	y.sql("UPDATE trades SET state = 'disputed', received_cents = amount_cents WHERE id = $1", matched.trade)
	y.sql("INSERT INTO verifications (org_id, state, legal_name, country, registration, changed_at) VALUES ($1, 'submitted', 'x', 'DE', '1', now()) ON CONFLICT (org_id) DO UPDATE SET state = 'submitted'", y.seed.Houses[3].ID)
	code, body := y.get(y.web+"/api/v1/desk", y.keys["house.desk"])
	var d Desk
	if err := json.Unmarshal([]byte(body), &d); err != nil || code != http.StatusOK {
		t.Fatalf("desk: %d %s", code, body)
	}
	if len(d.Trades) != 1 || d.Trades[0].Kind != "decision" || d.Trades[0].HeldCents != 108490 || d.Trades[0].Why != "a board is missing" {
		t.Errorf("trades: %+v", d.Trades)
	}
	if len(d.Payouts) != 1 || d.Payouts[0].Org != "Org buyer" || d.Payouts[0].State != "refused" {
		t.Errorf("payouts: %+v", d.Payouts)
	}
	if len(d.Verifications) != 1 || d.Verifications[0].Name != "Org stranger" {
		t.Errorf("verifications: %+v", d.Verifications)
	}
	if got := turns(y.keys["house.desk"]); got.Desk != 3 {
		t.Errorf("the rail counts %+v", got)
	}
	for _, who := range []string{"seller.owner", "buyer.owner"} {
		if code, body := y.get(y.web+"/api/v1/desk", y.keys[who]); code != http.StatusForbidden {
			t.Errorf("%s sees the desk: %d %s", who, code, body)
		}
	}
}

// TestTheLocalWorldTells its state to everybody on this machine, before anybody
// signs in.
func TestTheLocalWorldTells(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.serve(y.flags())
	th := y.fill("matched")
	y.sql(`UPDATE trades SET history = '[{"state":"matched","at":"2026-11-22T14:00:00Z"}]' WHERE id = $1`, th.trade)
	y.sql(`INSERT INTO trade_units (trade_id, position, unit_id, buyer_org, seller_org, sold_ghs)
		SELECT id, 0, $2, buyer_org, seller_org, sold_ghs FROM trades WHERE id = $1`, th.trade, th.unit)
	code, body := y.get(y.web+"/api/v1/world", "")
	var w localWorld
	if err := json.Unmarshal([]byte(body), &w); err != nil || code != http.StatusOK {
		t.Fatalf("world: %d %s", code, body)
	}
	if p := w.Progress; p.Machines != 1 || p.Trade != fmt.Sprintf("T-%d", th.number) || p.Unit != th.unit.String() || len(p.Reached) != 1 {
		t.Errorf("progress: %+v", p)
	}
	if w.Figures.Height < 1 && w.Figures.Network == "" || len(w.Parts) < 8 || w.Parts[1].State != web.Fine {
		t.Errorf("figures %+v, parts %+v", w.Figures, w.Parts)
	}
	if w.Odd == nil || len(w.Odd) != 0 {
		t.Errorf("a simulator that is away names machines: %+v", w.Odd)
	}
}
