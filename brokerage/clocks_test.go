package brokerage

import (
	"strings"
	"testing"
	"time"
)

// TestEveryStateSaysWhoseTurnItIs: while a trade runs at least one side has a
// step or a wait, nobody acts where the trade is over, and at most one acts.
func TestEveryStateSaysWhoseTurnItIs(t *testing.T) {
	t.Parallel()
	want := map[TradeState][3]Act{
		Matched: {ActFund}, Funded: {1: ActPack}, Shipped: {ActReceive}, Delivered: {ActConnect}, Refuted: {2: ActDecide}, Disputed: {2: ActDecide},
	}
	for _, s := range TradeStates() {
		b, sl, dk := Dossier{Trade: Trade{State: s}}.NextSteps()
		if got := [3]Act{b.Act, sl.Act, dk.Act}; got != want[s] {
			t.Errorf("%s: acts %q, want %q", s, got, want[s])
		}
		if s.Over() != (b == NextStep{} && sl == NextStep{}) {
			t.Errorf("%s: %+v %+v", s, b, sl)
		}
		if strings.Contains(strings.ToLower(b.Title+b.Detail+sl.Title+sl.Detail+dk.Title), "escrow") {
			t.Errorf("%s speaks of escrow", s)
		}
	}
	late := Dossier{Trade: Trade{State: Proven}, Settlement: &Settlement{Trouble: "account"}}
	if _, s, _ := late.NextSteps(); s.Act != ActAccount {
		t.Errorf("a seller who cannot be paid: %+v", s)
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return time.Date(2026, 11, 1, h, 0, 0, 0, time.UTC) }
	terms := Terms{PaymentWindow: 4 * time.Hour, ProofWindow: 10 * time.Hour}
	trade := func(proofDue time.Time, states ...any) Trade {
		tr := Trade{MatchedAt: at(0), PaymentDue: at(4), ProofDue: proofDue, History: []StateAt{{Matched, at(0)}}}
		for i := 0; i < len(states); i += 2 {
			tr.History = append(tr.History, StateAt{states[i].(TradeState), at(states[i+1].(int))})
		}
		return tr
	}
	for _, tt := range []struct {
		name        string
		trade       Trade
		now         int
		fund, proof ClockState
	}{
		{"just matched", trade(time.Time{}), 1, ClockRunning, ClockWaiting},
		{"unpaid, nobody looked yet", trade(time.Time{}), 5, ClockMissed, ClockWaiting},
		{"unpaid and lapsed", trade(time.Time{}, Cancelled, 4), 5, ClockMissed, ClockOff},
		{"called off in time", trade(time.Time{}, Cancelled, 2), 5, ClockOff, ClockOff},
		{"funded", trade(time.Time{}, Funded, 2), 3, ClockMet, ClockWaiting},
		{"delivered", trade(at(16), Funded, 2, Shipped, 4, Delivered, 6), 8, ClockMet, ClockRunning},
		{"proven", trade(at(16), Funded, 2, Delivered, 6, Proving, 7, Proven, 9), 20, ClockMet, ClockMet},
		{"refuted is decided too", trade(at(16), Funded, 2, Delivered, 6, Proving, 7, Refuted, 9), 20, ClockMet, ClockMet},
		{"undecided at the end", trade(at(16), Funded, 2, Delivered, 6, Disputed, 16), 20, ClockMet, ClockMissed},
		{"disputed before the end", trade(at(16), Funded, 2, Delivered, 6, Disputed, 9), 20, ClockMet, ClockOff},
	} {
		cs := Dossier{Trade: tt.trade}.Clocks(terms, at(tt.now))
		if cs[0].State != tt.fund || cs[1].State != tt.proof {
			t.Errorf("%s: fund %s, proof %s; want %s, %s", tt.name, cs[0].State, cs[1].State, tt.fund, tt.proof)
		}
	}
	if got := (Dossier{Trade: trade(time.Time{})}).Clocks(DefaultTerms(), at(1)); got[0].Rule != "48 h after the match" || got[1].Rule != "14 d after the delivery" {
		t.Errorf("rules in words: %q, %q", got[0].Rule, got[1].Rule)
	}
}
