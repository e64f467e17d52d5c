package ui

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

// The browser reads event payloads by the kernel's field names, which no
// schema describes. This file is written by Go and read by the app's own
// tests, so a renamed field breaks both sides.
const golden = "src/pages/lifeline/events.golden.json"

func TestEventsAsTheBrowserReadsThem(t *testing.T) {
	t.Parallel()
	got := goldenEvents(t)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("events changed; run this test with UPDATE_GOLDEN=1, then the app's tests (-want +got):\n%s", diff)
	}
}

// goldenEvents is one machine's whole way, one step an hour.
func goldenEvents(t *testing.T) []byte {
	t.Helper()
	id := func(n byte) hashyard.ID {
		return hashyard.MustParseID("01900000-0000-7000-8000-0000000000" + string([]byte{'a' + n/16, "0123456789abcdef"[n%16]}))
	}
	unit, trade, at := id(1), id(2), time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)
	us := []hashyard.ID{unit}
	condition := []byte(`{"` + unit.String() + `":{"at":"2026-11-18T00:59:00Z","serial":"SMTTEZUBDJAJG0417","mac":"02:7a:5c:1e:04:17",` +
		`"reported_ths":100.4,"boards":[{"slot":0,"serial":"BHB68603-7Q1904"}]}}`)
	moved := hashyard.UnitsMoved{
		Shipment: id(3), Trade: trade, Units: us, Serials: []string{"SMTTEZUBDJAJG0417"}, MACs: []string{"02:7a:5c:1e:04:17"},
		Carrier: "Freight", Tracking: "KF882310041722", By: id(4),
	}
	proof := hashyard.ProofDecided{
		Trade: trade, Unit: unit, Sold: 100_000, Estimate: 99.4 * hashyard.TH, Lower: 96.2 * hashyard.TH, Upper: 102.6 * hashyard.TH,
		Floor: 95 * hashyard.TH, Shares: 1530, Work: hashyard.WorkOf(1 << 60), From: at.Add(10 * time.Hour), To: at.Add(11 * time.Hour),
	}
	steps := []struct {
		kind    hashyard.EventKind
		payload any
	}{
		{hashyard.EvMinerSeen, hashyard.MinerSeen{Miner: id(5), Unit: unit, Serial: "SMTTEZUBDJAJG0417"}},
		{hashyard.EvOrderPlaced, hashyard.OrderPlaced{Order: id(6), Side: "ask", Price: 1_142_000, Units: us, Condition: condition}},
		{hashyard.EvTradeMatched, hashyard.TradeMatched{Trade: trade, Maker: "ask", Units: us, Price: 1_142_000, SoldGHs: 100_000, Amount: 114_200}},
		{hashyard.EvTradeFunded, hashyard.TradeFunded{Trade: trade, Units: us, Amount: 114_200}},
		{hashyard.EvUnitsPacked, moved},
		{hashyard.EvUnitsDispatched, moved},
		{hashyard.EvUnitsArrived, moved},
		{hashyard.EvUnitsDelivered, moved},
		{hashyard.EvMinerRedirected, hashyard.MinerRedirected{
			Redirect: id(7), Unit: unit, URL: "stratum+tcp://127.0.0.1:3333", Worker: "buyer.u1", Address: "127.7.0.17", Slots: 3,
		}},
		{hashyard.EvProofStarted, hashyard.ProofStarted{Trade: trade, Unit: unit, SoldGHs: 100_000}},
		{hashyard.EvSessionOpened, hashyard.SessionOpened{Unit: unit, Session: id(8), User: "buyer.u1", Remote: "127.7.0.17:40112"}},
		{hashyard.EvWorkMeasured, hashyard.WorkMeasured{Unit: unit, Shares: 700, Work: hashyard.WorkOf(1 << 59)}},
		{hashyard.EvWorkerSilent, hashyard.WorkerChanged{
			Unit: unit, User: "buyer.u1", State: "silent", Was: "online", LastShare: at.Add(11 * time.Hour), Reference: 100 * hashyard.TH, ReferenceKind: "nominal",
		}},
		{hashyard.EvHashrateProven, proof},
		{hashyard.EvHeldReleased, hashyard.HeldReleased{Trade: trade, Units: us, Amount: 114_200, Commission: 1713, Paid: 112_487, Transfer: "tr_1QNx9Kd0388"}},
		{hashyard.EvEarningsSettled, hashyard.EarningsSettled{From: at, To: at.Add(time.Hour), Net: 1021, Units: us}},
	}
	var list []map[string]any
	for i, s := range steps {
		ev, err := hashyard.NewEvent(s.kind, hashyard.Ref{Kind: "unit", ID: unit}, at.Add(time.Duration(i)*time.Hour), s.payload)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, map[string]any{"id": id(byte(32 + i)), "kind": ev.Kind, "at": ev.At, "payload": ev.Payload})
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(map[string]any{"unit": unit, "events": list}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
