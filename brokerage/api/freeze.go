package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/brokerage/treasury"
	"hashyard/web"
)

// registerFreeze adds the payout switch and the reconciliation.
func (e treasuryEdge) registerFreeze(api *web.API, op func(id, method, path, summary string) huma.Operation) {
	post := func(id, path, summary string) huma.Operation {
		o := op(id, http.MethodPost, path, summary)
		o.DefaultStatus = http.StatusOK
		return o
	}
	web.Handle(api, post("freeze-payouts", "/api/v1/treasury/freeze", "Stop all payouts, or open them again, for a reason"), web.TreasuryWrite, e.freeze)
	web.Handle(api, op("list-reconciliations", http.MethodGet, "/api/v1/treasury/reconciliations", "The books compared with what is outside them, newest first"), web.TreasuryRead, e.reconciliations)
	web.Handle(api, post("reconcile", "/api/v1/treasury/reconcile", "Compare the books now; a difference on a paying account freezes payouts"), web.TreasuryWrite, e.reconcile)
}

// PayoutFreeze is the switch that stops payouts.
type PayoutFreeze struct {
	Frozen bool        `json:"frozen"`
	Reason string      `json:"reason,omitempty"`
	By     hashyard.ID `json:"by,omitzero" doc:"The user who turned it."`
	BySelf string      `json:"by_system,omitempty" doc:"The part of the house that turned it by itself."`
	At     time.Time   `json:"at,omitzero" doc:"Absent while nobody ever turned it."`
	Signer string      `json:"signer_error,omitempty" doc:"Why the signer was not told yet; it will be as soon as it answers."`
}

func freezeOf(f treasury.Freeze) PayoutFreeze {
	return PayoutFreeze{Frozen: f.Frozen, Reason: f.Reason, By: f.By, BySelf: f.ByName, At: f.At}
}

type freezeInput struct {
	Body struct {
		Frozen bool   `json:"frozen"`
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

func (e treasuryEdge) freeze(ctx context.Context, actor hashyard.Actor, in *freezeInput) (*PayoutFreeze, error) {
	f, told, err := e.svc.SetFreeze(ctx, actor, in.Body.Frozen, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := freezeOf(f)
	if told != nil {
		out.Signer = told.Error()
	}
	return &out, nil
}

// Reconciliation is one comparison of the books.
type Reconciliation struct {
	ID     hashyard.ID     `json:"id"`
	At     time.Time       `json:"at"`
	NextAt time.Time       `json:"next_at"`
	Height int64           `json:"height" doc:"Scanned height of the chain."`
	Differ int             `json:"differ" doc:"Lines that nothing explains."`
	Froze  bool            `json:"froze,omitempty" doc:"It froze payouts by itself."`
	Lines  []ReconcileLine `json:"lines" nullable:"false"`
}

// ReconcileLine is an account beside what is outside the books.
type ReconcileLine struct {
	Account    string `json:"account"`
	Currency   string `json:"currency" enum:"USD,BTC"`
	Source     string `json:"source"`
	Ledger     int64  `json:"ledger" doc:"Cents or sats."`
	Outside    int64  `json:"outside"`
	Difference int64  `json:"difference" doc:"Outside less ledger."`
	Paying     bool   `json:"paying" doc:"Payouts are made from it: a difference freezes them."`
	State      string `json:"state" enum:"equal,under_way,explain,differs,unknown"`
	Note       string `json:"note,omitempty"`
}

func reconciliationOf(r treasury.Reconciliation) Reconciliation {
	out := Reconciliation{
		ID: r.ID, At: r.At, NextAt: r.At.Add(treasury.ReconcileEvery), Height: r.Height, Differ: r.Differ(), Froze: r.Froze, Lines: []ReconcileLine{},
	}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, ReconcileLine{
			l.Account, string(l.Currency), l.Source, l.Ledger, l.Outside, l.Difference(), l.Paying, string(l.State), l.Note,
		})
	}
	return out
}

func (e treasuryEdge) reconciliations(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.Page[Reconciliation], error) {
	rs, err := e.svc.Reconciliations(ctx, actor, 96) // a day
	if err != nil {
		return nil, err
	}
	return pageOf(rs, "", reconciliationOf), nil
}

func (e treasuryEdge) reconcile(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Reconciliation, error) {
	r, err := e.svc.ReconcileNow(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := reconciliationOf(r)
	return &out, nil
}
