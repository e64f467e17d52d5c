package api

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/web"
)

// TestRoutesAreDescribed: every route is in the OpenAPI document.
func TestRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	spec, err := web.Spec("test", func(a *web.API) { Register(a, nil) })
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(spec, &doc); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"get /instruments", "get /instruments/{id}/book", "get /instruments/{id}/tape", "get /instruments/{id}/candles",
		"post /orders", "get /orders", "get /orders/{id}", "delete /orders/{id}",
		"get /trades", "get /trades/{id}", "post /trades/{id}/fund", "post /trades/{id}/dispute", "post /trades/{id}/decision",
		"get /units/{id}/money", "get /ledger/accounts", "get /ledger/entries", "get /ledger/trial-balance", "post /webhooks/stripe",
	} {
		method, path, _ := strings.Cut(want, " ")
		if doc.Paths["/api/v1"+path][method] == nil {
			t.Errorf("%s is not described", want)
		}
	}
}

func TestProofShownIsTheFurthestFromPassing(t *testing.T) {
	t.Parallel()
	unit := func(s brokerage.ProofState) brokerage.TradeUnit {
		return brokerage.TradeUnit{Unit: hashyard.NewID(), Sold: 100_000, Proof: brokerage.Proof{State: s}}
	}
	for _, tt := range []struct {
		units []brokerage.ProofState
		want  string
	}{
		{[]brokerage.ProofState{brokerage.ProofWaiting}, ""},
		{[]brokerage.ProofState{brokerage.ProofPassed, brokerage.ProofWaiting}, "passed"},
		{[]brokerage.ProofState{brokerage.ProofPassed, brokerage.ProofRunning}, "running"},
		{[]brokerage.ProofState{brokerage.ProofRunning, brokerage.ProofFailed}, "failed"},
	} {
		var d brokerage.Dossier
		for _, s := range tt.units {
			d.Units = append(d.Units, unit(s))
		}
		got := tradeOf(d, hashyard.Actor{}, nil, brokerage.DefaultTerms(), time.Now())
		if (got.Proof == nil) != (tt.want == "") || (got.Proof != nil && got.Proof.State != tt.want) || len(got.Proofs) != len(tt.units) {
			t.Errorf("%v: %+v", tt.units, got.Proof)
		}
		if got.Proofs[0].FloorTHs != 95 {
			t.Errorf("floor: %+v", got.Proofs[0])
		}
	}
}

func FuzzStep(f *testing.F) {
	for _, s := range []string{"1m", "5m", "1h", "1d", "31d", "0d", "d", "-1d", "1x", "", "99999999999999h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := stepOf(s)
		if err == nil && strings.HasSuffix(s, "d") && (d < 24*time.Hour || d > 31*24*time.Hour) {
			t.Errorf("%q is %s", s, d)
		}
		if err != nil && d != 0 {
			t.Errorf("%q: %s with %v", s, d, err)
		}
	})
}
