package api

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/statement"
	"hashyard/web"
)

// Statement is what an account's work of a period earned. gross_exact and
// net_exact are fractions of a satoshi; the whole amounts are rounded down.
type Statement struct {
	ID          hashyard.ID   `json:"id"`
	OrgID       hashyard.ID   `json:"org_id"`
	AccountID   hashyard.ID   `json:"account_id"`
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
	Work        hashyard.Work `json:"work"`
	Shares      int64         `json:"shares"`
	GrossSats   hashyard.Sats `json:"gross_sats"`
	FeeSats     hashyard.Sats `json:"fee_sats"`
	NetSats     hashyard.Sats `json:"net_sats"`
	ResidueSats hashyard.Sats `json:"residue_sats" doc:"Of the whole period, on one statement of it."`
	GrossExact  string        `json:"gross_exact"`
	NetExact    string        `json:"net_exact"`
	SettledAt   time.Time     `json:"settled_at"`
}

// StatementDetail adds everything the statement was computed from.
type StatementDetail struct {
	Statement
	Epochs  []Epoch           `json:"epochs" nullable:"false" doc:"The rates, with every input."`
	Workers []StatementWorker `json:"workers" nullable:"false"`
}

// StatementWorker is what one worker did for a statement.
type StatementWorker struct {
	WorkerID hashyard.ID     `json:"worker_id"`
	User     string          `json:"user"`
	UnitID   hashyard.ID     `json:"unit_id,omitzero"`
	Work     hashyard.Work   `json:"work"`
	Shares   int64           `json:"shares"`
	NetExact string          `json:"net_exact" doc:"Its part of the statement's."`
	Lines    []StatementLine `json:"lines" nullable:"false"`
}

// StatementLine is a worker's work at one rate.
type StatementLine struct {
	Epoch      hashyard.ID   `json:"epoch"`
	Work       hashyard.Work `json:"work"`
	Shares     int64         `json:"shares"`
	GrossExact string        `json:"gross_exact"`
	NetExact   string        `json:"net_exact"`
}

func statementOf(s pool.Statement) Statement {
	return Statement{
		ID: s.ID, OrgID: s.Org, AccountID: s.Account, From: s.Start, To: s.End, Work: s.Work, Shares: s.Shares,
		GrossSats: s.Gross, FeeSats: s.Fee, NetSats: s.Net, ResidueSats: s.Residue,
		GrossExact: s.GrossExact, NetExact: s.NetExact, SettledAt: s.Created,
	}
}

func detailOf(s pool.Statement, lines []pool.EpochLine) *StatementDetail {
	out := &StatementDetail{Statement: statementOf(s), Epochs: []Epoch{}, Workers: []StatementWorker{}}
	epochs, workers := map[hashyard.ID]bool{}, map[hashyard.ID]int{}
	var nets []*big.Rat
	for _, l := range lines {
		if !epochs[l.Epoch.ID] {
			epochs[l.Epoch.ID] = true
			out.Epochs = append(out.Epochs, epochOf(l.Epoch))
		}
		i, ok := workers[l.Worker]
		if !ok {
			i = len(out.Workers)
			workers[l.Worker] = i
			out.Workers = append(out.Workers, StatementWorker{WorkerID: l.Worker, User: l.User, UnitID: l.Unit})
			nets = append(nets, new(big.Rat))
		}
		w := &out.Workers[i]
		net := l.Epoch.Net(l.Work)
		nets[i].Add(nets[i], net)
		w.Work, w.Shares, w.NetExact = w.Work.Add(l.Work), w.Shares+l.Shares, nets[i].String()
		w.Lines = append(w.Lines, StatementLine{
			Epoch: l.Epoch.ID, Work: l.Work, Shares: l.Shares, GrossExact: l.Epoch.Gross(l.Work).String(), NetExact: net.String(),
		})
	}
	return out
}

func (e edge) statements(ctx context.Context, actor hashyard.Actor, in *PageInput) (*web.Page[Statement], error) {
	sts, next, err := e.svc.Statements(ctx, actor, in.page())
	if err != nil {
		return nil, err
	}
	return pageOf(sts, next, statementOf), nil
}

func (e edge) statement(ctx context.Context, actor hashyard.Actor, in *idInput) (*StatementDetail, error) {
	st, lines, err := e.svc.Statement(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return detailOf(st, lines), nil
}

// registerSigned adds what lets anybody check a statement without us.
func (e edge) registerSigned(api *web.API, get func(id, path, summary string) huma.Operation) {
	file := get("get-pool-statement-file", "/api/v1/pool/statements/{id}/statement.json", "A signed statement with every input, for `hashyard statement verify`")
	web.Handle(api, web.Answers(file, "application/json"), web.PoolRead, e.statementFile)
	proof := get("get-pool-statement-proof", "/api/v1/pool/statements/{id}/workers/{worker}/proof", "The proof that a worker's minutes are in a statement")
	web.Handle(api, proof, web.PoolRead, e.proof)
	// Whoever checks a statement must have the key from somewhere else than the
	// statement, and need not be a customer.
	web.Public(api, get("get-pool-statement-key", "/api/v1/pool/statement-key", "The key that signs statements"), e.statementKey)
}

// StatementKey is the public half of the key that signs statements.
type StatementKey struct {
	Algorithm string `json:"algorithm" enum:"ed25519"`
	PublicKey string `json:"public_key" doc:"64 hex digits."`
}

func (e edge) statementKey(context.Context, *struct{}) (*StatementKey, error) {
	return &StatementKey{"ed25519", pool.ShowKey(e.svc.StatementKey())}, nil
}

func (e edge) statementFile(ctx context.Context, actor hashyard.Actor, in *idInput) (*web.File, error) {
	f, err := e.svc.SignedStatement(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", in.ID, err)
	}
	return &web.File{
		ContentType: "application/json", Disposition: fmt.Sprintf("attachment; filename=%q", "statement-"+in.ID.String()+".json"), Body: append(b, '\n'),
	}, nil
}

type proofInput struct {
	ID     hashyard.ID `path:"id"`
	Worker hashyard.ID `path:"worker"`
}

func (e edge) proof(ctx context.Context, actor hashyard.Actor, in *proofInput) (*statement.Proof, error) {
	p, err := e.svc.InclusionProof(ctx, actor, in.ID, in.Worker)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// UnitEarnings is what a machine earned.
type UnitEarnings struct {
	TotalSats hashyard.Sats `json:"total_sats" doc:"Its exact parts of all statements listed, summed and then rounded down."`
	NetExact  string        `json:"net_exact"`
	Items     []UnitEarning `json:"items" nullable:"false"`
}

// UnitEarning is a machine's part of one statement. The parts of a statement's
// machines may sum to less than it pays, by what rounding leaves.
type UnitEarning struct {
	StatementID hashyard.ID   `json:"statement_id"`
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
	Work        hashyard.Work `json:"work"`
	Shares      int64         `json:"shares"`
	NetSats     hashyard.Sats `json:"net_sats"`
	NetExact    string        `json:"net_exact"`
	THs         float64       `json:"ths" doc:"Mean over the period, in displayed TH/s."`
}

func (e edge) earnings(ctx context.Context, actor hashyard.Actor, in *idInput) (*UnitEarnings, error) {
	lines, err := e.svc.UnitEarnings(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := &UnitEarnings{Items: []UnitEarning{}}
	total, net := new(big.Rat), new(big.Rat)
	for i, l := range lines {
		if i == 0 || l.Statement.ID != lines[i-1].Statement.ID {
			out.Items = append(out.Items, UnitEarning{StatementID: l.Statement.ID, From: l.Statement.Start, To: l.Statement.End})
			net = new(big.Rat)
		}
		it := &out.Items[len(out.Items)-1]
		part := l.Epoch.Net(l.Line.Work)
		net.Add(net, part)
		total.Add(total, part)
		it.Work, it.Shares, it.NetExact = it.Work.Add(l.Line.Work), it.Shares+l.Line.Shares, net.String()
		if it.NetSats, err = fpps.Floor(net); err != nil {
			return nil, err
		}
		it.THs = float64(e.svc.Scale().Hashrate(it.Work, it.To.Sub(it.From)) / hashyard.TH)
	}
	out.NetExact = total.String()
	out.TotalSats, err = fpps.Floor(total)
	return out, err
}
