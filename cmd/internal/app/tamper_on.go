//go:build sabotage

package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/market"
	"hashyard/brokerage/treasury/signer"
	"hashyard/firmware"
	"hashyard/inventory"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/share"
	"hashyard/pool/stratum"
)

// sabotaged reports whether this run breaks the step of the journey.
func sabotaged(step int) bool {
	n, err := strconv.Atoi(os.Getenv("HASHYARD_SABOTAGE"))
	return err == nil && n == step
}

// Step 1, found: the agent reads a wrong MAC. Step 7, redirected: the agent
// believes that what it wrote is what the machine kept.
func tamperFamilies(fs map[string]firmware.Family) map[string]firmware.Family {
	if !sabotaged(1) && !sabotaged(7) {
		return fs
	}
	wrote := new(sync.Map) // address → []firmware.ConfiguredPool
	for name, f := range fs {
		open := f.Open
		f.Open = func(ctx context.Context, t firmware.Target) (firmware.Device, error) {
			d, err := open(ctx, t)
			w, writes := d.(firmware.PoolWriter)
			r, reads := d.(firmware.PoolConfigReader)
			if err != nil || !writes || !reads {
				return d, err
			}
			return &gullible{d, w, r, t.Addr.String(), wrote}, nil
		}
		fs[name] = f
	}
	return fs
}

type gullible struct {
	firmware.Device
	firmware.PoolWriter
	config firmware.PoolConfigReader
	addr   string
	wrote  *sync.Map
}

func (g *gullible) Identity(ctx context.Context) (firmware.Identity, error) {
	id, err := g.Device.Identity(ctx)
	if sabotaged(1) {
		id.MAC = "02:00:00:00:00:01"
	}
	return id, err
}

func (g *gullible) SetPools(ctx context.Context, pools []firmware.PoolSetting) (firmware.Acknowledgement, error) {
	var kept []firmware.ConfiguredPool
	for i := range g.PoolSlots() {
		c := firmware.ConfiguredPool{Slot: i}
		if i < len(pools) {
			c.URL, c.User = pools[i].URL, pools[i].User
		}
		kept = append(kept, c)
	}
	g.wrote.Store(g.addr, kept)
	return g.PoolWriter.SetPools(ctx, pools)
}

func (g *gullible) PoolConfig(ctx context.Context) ([]firmware.ConfiguredPool, error) {
	if v, ok := g.wrote.Load(g.addr); ok && sabotaged(7) {
		return v.([]firmware.ConfiguredPool), nil
	}
	return g.config.PoolConfig(ctx)
}

// Step 2, listed: a serial that is held is given out again.
func tamperReserver(r brokerage.Reserver) brokerage.Reserver {
	if !sabotaged(2) {
		return r
	}
	return &careless{Reserver: r, given: map[hashyard.ID]brokerage.ReservedUnit{}}
}

type careless struct {
	brokerage.Reserver
	mu    sync.Mutex // guards given
	given map[hashyard.ID]brokerage.ReservedUnit
}

func (c *careless) Reserve(ctx context.Context, actor hashyard.Actor, holder hashyard.Ref, units []hashyard.ID) ([]brokerage.ReservedUnit, error) {
	got, err := c.Reserver.Reserve(ctx, actor, holder, units)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, u := range got {
		c.given[u.ID] = u
	}
	if err == nil {
		return got, nil
	}
	var again []brokerage.ReservedUnit
	for _, id := range units {
		u, ok := c.given[id]
		if !ok {
			return nil, err
		}
		again = append(again, u)
	}
	return again, nil
}

// Step 3, matched: trades are booked a cent above the maker's price.
func tamperJournal(j market.Journal) market.Journal {
	if !sabotaged(3) {
		return j
	}
	return dear{j}
}

type dear struct{ market.Journal }

func (d dear) Commit(ctx context.Context, b market.Batch) error {
	for i := range b.Trades {
		b.Trades[i].Trade.Price += 1000
	}
	return d.Journal.Commit(ctx, b)
}

// Step 4, funded: payments never show as arrived. Step 10, released: the
// seller is sent a dollar less than the ledger says.
func tamperRail(r brokerage.Rail) brokerage.Rail {
	if !sabotaged(4) && !sabotaged(10) {
		return r
	}
	return shortRail{r}
}

type shortRail struct{ brokerage.Rail }

func (s shortRail) Payment(ctx context.Context, id string) (brokerage.RailPayment, error) {
	p, err := s.Rail.Payment(ctx, id)
	if sabotaged(4) && err == nil {
		p.Status, p.Received = brokerage.PaymentOpen, 0
	}
	return p, err
}

func (s shortRail) Transfer(ctx context.Context, req brokerage.TransferRequest) (string, error) {
	if sabotaged(10) {
		req.Amount -= 100
	}
	return s.Rail.Transfer(ctx, req)
}

// Step 5, shipped: a refused scan is answered as if it had counted.
func tamperHTTP(h http.Handler) http.Handler {
	if !sabotaged(5) {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/scans") {
			w = &agreeable{w}
		}
		h.ServeHTTP(w, r)
	})
}

type agreeable struct{ http.ResponseWriter }

func (a *agreeable) WriteHeader(code int) {
	if code == http.StatusConflict {
		code = http.StatusOK
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *agreeable) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Step 6, received: the hand-over to the buyer is not in the chain of custody.
func tamperInventory(s inventory.Store) inventory.Store {
	if !sabotaged(6) {
		return s
	}
	return forgetful{s}
}

type forgetful struct{ inventory.Store }

func (f forgetful) Custody(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]inventory.Custody, error) {
	rows, err := f.Store.Custody(ctx, actor, unit)
	if len(rows) > 1 {
		rows = rows[:len(rows)-1]
	}
	return rows, err
}

// Step 8, hashing: every fifth accepted share is answered true and lost.
func tamperShares(l stratum.Log) stratum.Log {
	if !sabotaged(8) {
		return l
	}
	return &leaky{Log: l}
}

type leaky struct {
	stratum.Log
	n atomic.Int64
}

func (l *leaky) Submit(rec share.Record, done func(error)) {
	if l.n.Add(1)%5 == 0 {
		done(nil)
		return
	}
	l.Log.Submit(rec, done)
}

// Step 9, proven: work counts half as much again.
func tamperMeasured(h eventHandler) eventHandler {
	if !sabotaged(9) {
		return h
	}
	return func(ctx context.Context, ev hashyard.Event) error {
		var m hashyard.WorkMeasured
		if err := ev.Read(&m); err != nil {
			return err
		}
		payload, err := json.Marshal(inflated(m))
		if err != nil {
			return err
		}
		ev.Payload = payload
		return h(ctx, ev)
	}
}

func inflated(m hashyard.WorkMeasured) hashyard.WorkMeasured {
	// The squares grow with it, or the measurement would contradict itself.
	for v, half := range map[*hashyard.Work][2]int64{&m.Work: {3, 1}, &m.SumSquares: {9, 2}} {
		more := new(big.Int).Mul(v.Big(), big.NewInt(half[0]))
		if w, err := hashyard.WorkFromBig(more.Rsh(more, uint(half[1]))); err == nil {
			*v = w
		}
	}
	return m
}

// Step 11, settled: every block is said to have paid 1,000 sat more in fees.
func tamperChain(c pool.Chain) pool.Chain {
	if !sabotaged(11) {
		return c
	}
	return generous{c}
}

type generous struct{ pool.Chain }

func (g generous) BlockFees(ctx context.Context, hash [32]byte) (fpps.Block, error) {
	b, err := g.Chain.BlockFees(ctx, hash)
	b.Fees += 1000
	return b, err
}

// Step 12, paid out: the signer enrols whatever address it is asked to pay.
func tamperSigner(s *signer.Signer, h http.Handler) http.Handler {
	if !sabotaged(12) {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/sign") {
			body, err := io.ReadAll(r.Body)
			var req signer.Request
			if err == nil && json.Unmarshal(body, &req) == nil {
				_ = s.Enrol(signer.Enrolment{Org: req.Org, Address: req.Address})
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		h.ServeHTTP(w, r)
	})
}

// Step 13, balanced: the trial balance shows a cent too much.
func tamperLedger(s brokerage.LedgerStore) brokerage.LedgerStore {
	if !sabotaged(13) {
		return s
	}
	return sloppy{s}
}

type sloppy struct{ brokerage.LedgerStore }

func (s sloppy) TrialBalance(ctx context.Context) (brokerage.TrialBalance, error) {
	tb, err := s.LedgerStore.TrialBalance(ctx)
	if len(tb.Accounts) > 0 {
		tb.Accounts[0].Balance++
	}
	return tb, err
}
