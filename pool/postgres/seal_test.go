package postgres_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
	"hashyard/pool/statement"
)

// signed reads a statement's file and checks it as a stranger would.
func (h *house) signed(t tenant, id hashyard.ID) statement.Statement {
	h.t.Helper()
	f, err := h.svc.SignedStatement(h.t.Context(), t.actor, id)
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		h.t.Fatal(err)
	}
	st, bad, err := statement.Verify(b, h.svc.StatementKey())
	if err != nil || len(bad) != 0 {
		h.t.Fatalf("statement %s does not verify: %v %v", id, err, bad)
	}
	for _, w := range st.Workers {
		p, err := h.svc.InclusionProof(h.t.Context(), t.actor, id, w.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		if bad := statement.VerifyProof(st, p); len(bad) != 0 {
			h.t.Fatalf("receipt of %s does not verify: %v", w.User, bad)
		}
	}
	return st
}

func (h *house) sealAll() {
	h.t.Helper()
	h.run(h.svc, "statements are signed", func() bool {
		return h.count("SELECT count(*) FROM pool_statements s WHERE NOT EXISTS (SELECT FROM pool_seals x WHERE x.statement_id = s.id)") == 0
	})
}

// Each account is paid by its own terms, also in one period; the files recompute
// with the checker's own arithmetic.
func TestAccountsArePaidByTheirTerms(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	fees := []hashyard.Sats{0, 110, 200, 280, 300, 340, 360, 400, 500, 4100}
	for _, f := range fees {
		h.chain.mine(1, f)
	}
	desk := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), House: true}
	terms := []pool.Terms{{FeePPM: 20_000, Method: fpps.SMA}, {FeePPM: 10_000, Method: fpps.SMATrim}, {FeePPM: 0, Method: fpps.Day}, {FeePPM: 5_000, Method: fpps.DayTrim}}
	var tenants []tenant
	var machines []machine
	for i, x := range terms {
		a := h.tenant("farm" + string(rune('a'+i)))
		tenants, machines = append(tenants, a), append(machines, h.machine(a, hashyard.NewID()))
		if i == 0 {
			continue // the pool's own
		}
		x.ID, x.Account = hashyard.NewID(), a.ID
		if _, err := h.svc.SetTerms(t.Context(), desk, x); err != nil {
			t.Fatal(err)
		}
	}
	h.pass(period) // terms hold from the next period on
	e := h.epoch()
	for _, m := range machines {
		for range 5 {
			h.submit(h.share(m, e.ID, 1<<52, 0))
			h.pass(time.Second)
		}
	}
	h.pass(period)
	h.settlementOffered(func() { h.epoch() })
	h.settlePeriods(1)
	h.sealAll()
	six := fees[4:] // the window of the test's trailing indexes
	sum := func(fs []hashyard.Sats) (s hashyard.Sats) {
		for _, f := range fs {
			s += f
		}
		return s
	}
	want := []fpps.Rate{
		{FeeSum: sum(six), FeeN: 6}, {FeeSum: sum(six), FeeN: 6}, // six are not trimmed
		{FeeSum: sum(fees), FeeN: 10, SubsidySum: 25_000}, {FeeSum: 280 + 300 + 340 + 360, FeeN: 4, SubsidySum: 10_000},
	}
	work := hashyard.WorkOf(5 << 52)
	for i, a := range tenants {
		r := want[i]
		r.NBits, r.Subsidy, r.FeePPM = bits, 2500, terms[i].FeePPM
		sts := h.settled(a)
		if len(sts) != 1 {
			t.Fatalf("%s: %d statements", terms[i].Method, len(sts))
		}
		net, err := fpps.Floor(r.Net(work))
		if err != nil || sts[0].Net != net || sts[0].NetExact != r.Net(work).String() || sts[0].Lines[0].Epoch.FeeMethod != terms[i].Method {
			t.Errorf("%s: paid %d by %+v, want %d", terms[i].Method, sts[0].Net, sts[0].Lines[0].Epoch, net)
		}
		if st := h.signed(a, sts[0].ID); st.NetSats != net || st.Rates[0].FeePPM != terms[i].FeePPM || st.ReceiptRoot == "" {
			t.Errorf("%s: signed %+v", terms[i].Method, st)
		}
	}
	if _, err := h.svc.SignedStatement(t.Context(), tenants[1].actor, h.settled(tenants[0])[0].ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("another's statement: %v", err)
	}
	// Terms that come later leave what is stated as it is.
	later := pool.Terms{ID: hashyard.NewID(), Account: tenants[0].ID, FeePPM: 900_000, Method: fpps.Day}
	if _, err := h.svc.SetTerms(t.Context(), desk, later); err != nil {
		t.Fatal(err)
	}
	h.signed(tenants[0], h.settled(tenants[0])[0].ID)
}

// settlementOffered tells the service that work is offered after a period.
func (h *house) settlementOffered(offer func()) {
	h.t.Helper()
	h.pass(time.Second)
	offer()
}

// Late shares are on the next statement, with a receipt of their own, and the
// receipts of before stay good.
func TestLateWorkKeepsReceipts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	first := h.epoch()
	h.submit(h.share(m, first.ID, 1<<50, 0), h.share(m, first.ID, 1<<49, 0))
	at := h.clock()
	h.pass(period + 12*time.Second)
	h.settlePeriods(1)
	h.sealAll()
	one := h.settled(a)[0]
	before := h.signed(a, one.ID)
	// The same minute gets more work after its period was settled, twice.
	for range 2 {
		late := h.share(m, first.ID, 1<<48, 0)
		late.At = at
		h.submit(late)
	}
	second := h.epoch()
	h.submit(h.share(m, second.ID, 1<<50, 0))
	if after := h.signed(a, one.ID); after.ReceiptRoot != before.ReceiptRoot {
		t.Error("a root changed")
	}
	h.pass(period + 12*time.Second)
	h.settlePeriods(2)
	h.sealAll()
	sts := h.settled(a)
	if len(sts) != 2 {
		t.Fatalf("%d statements", len(sts))
	}
	st := h.signed(a, sts[1].ID)
	if want := hashyard.WorkOf(1 << 50).Add(hashyard.WorkOf(1 << 49)); st.Work != want || len(st.Rates) != 2 || st.Workers[0].Receipt.Minutes != 2 {
		t.Errorf("the second has work %s of %s in %d rates, %+v", st.Work, want, len(st.Rates), st.Workers)
	}
	h.signed(a, one.ID)
	if n := h.count("SELECT count(*) FROM pool_late_work WHERE statement_id = $1", sts[1].ID); n != 1 {
		t.Errorf("%d late minutes on the second", n)
	}
}

// The index of a rate is read anew within a long period, and only then.
func TestRatesChangeWithTheFeeIndex(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.chain.mine(1, 100)
	svc := h.service(func(c *pool.Config) { c.SettlementPeriod, c.FeeEvery = 24*time.Hour, time.Hour })
	epoch := func() pool.Epoch {
		t.Helper()
		start, _, _ := svc.Period(h.clock())
		e, err := svc.EpochFor(t.Context(), job.EpochFacts{Period: start, NBits: bits, Subsidy: 2500, Tip: h.chain.tip(), Height: h.chain.height() + 1})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	one := epoch()
	h.chain.mine(1, 300)
	h.pass(30 * time.Minute)
	if e := epoch(); e.ID != one.ID {
		t.Error("a new tip alone makes a rate")
	}
	h.pass(30 * time.Minute)
	two := epoch()
	if two.ID == one.ID || two.FeeSum != 400 || two.FeeN != 2 || one.FeeSum != 100 || !two.FeeFrom.Equal(h.clock().Truncate(time.Hour)) {
		t.Errorf("one %+v, two %+v", one, two)
	}
	again := h.service(func(c *pool.Config) { c.SettlementPeriod, c.FeeEvery = 24*time.Hour, time.Hour })
	start, _, _ := again.Period(h.clock())
	if e, err := again.EpochFor(t.Context(), job.EpochFacts{Period: start, NBits: bits, Subsidy: 2500, Tip: h.chain.tip(), Height: 3}); err != nil || e.ID != two.ID {
		t.Errorf("another process makes %+v, %v", e, err)
	}
	if _, err := pool.New(pool.Config{Store: h.store, Log: h.log, Chain: h.chain, ServerKey: make([]byte, 32), SettlementPeriod: 24 * time.Hour, FeeEvery: 7 * time.Hour}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("seven hours divide a day: %v", err)
	}
}
