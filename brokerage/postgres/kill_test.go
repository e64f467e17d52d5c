package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/brokerage/market"
	"hashyard/brokerage/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/migrations/testdb/need"
)

// childEnv carries the database of a child that is to be killed.
const childEnv = "HASHYARD_TEST_MARKET_CHILD"

// TestMarketChild is no test: it is the process that TestKilledMarket kills.
// It trades until then and says what was acknowledged.
func TestMarketChild(t *testing.T) {
	spec := os.Getenv(childEnv)
	if spec == "" {
		need.ByDesign(t, "runs only as a child of TestKilledMarket")
	}
	url, instrument, _ := strings.Cut(spec, " ")
	db, err := pg.Open(t.Context(), pg.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	store := postgres.New(db)
	m := market.New(market.Config{Journal: store, Lead: db.Lead, Wait: 20 * time.Second})
	svc := brokerage.New(brokerage.Config{
		House: hashyard.NewID(), Orders: store, Trades: store, Ledger: store, Market: m,
		Reserver: &inventory{holder: map[hashyard.ID]hashyard.Ref{}},
	})
	go func() { _ = m.Run(context.Background()) }() // ends with the process
	var wg sync.WaitGroup
	var out sync.Mutex
	for range 8 {
		wg.Go(func() {
			who := person(hashyard.NewID(), false, hashyard.Trader)
			for {
				n := brokerage.NewOrder{
					Command: hashyard.NewID(), Instrument: hashyard.MustParseID(instrument), Side: book.Side(rand.IntN(2)),
					Price: hashyard.MilliCentsPerTH(1_000_000 + 1000*rand.IntN(5)), Units: int64(1 + rand.IntN(3)),
				}
				if n.Side == book.Ask {
					n.UnitIDs, n.Units = units(int(n.Units)), 0
				}
				o, err := svc.Place(context.Background(), who, n)
				out.Lock()
				if err != nil {
					fmt.Printf("failed %v\n", err)
				} else {
					fmt.Printf("ack %s %s\n", n.Command, o.ID)
				}
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKilledMarket kills a trading process again and again with SIGKILL: what
// was acknowledged is there, once, and the books go on where they were.
func TestKilledMarket(t *testing.T) {
	t.Parallel()
	name := testdb.Database(t)
	db, err := pg.Open(t.Context(), pg.Config{URL: testdb.AppURL(name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	b := &bundle{db: db, rail: newRail(), store: postgres.New(db), clock: &clock{}, changes: make(chan int64, 100), house: hashyard.NewID()}
	b.s19 = brokerage.Instrument{
		ID: hashyard.NewID(), Name: "S19", Model: "Antminer S19 100T", Currency: hashyard.USD, NominalGHs: 100_000,
	}
	if err := b.store.PutInstrument(t.Context(), b.s19); err != nil {
		t.Fatal(err)
	}
	acked := map[string]string{} // command → order
	for round := range 4 {
		b.killAfter(t, name, 25+20*round, acked)
	}
	for command, order := range acked {
		got, err := b.store.Prior(t.Context(), []hashyard.ID{hashyard.MustParseID(command)})
		o, ok := got[hashyard.MustParseID(command)]
		if err != nil || !ok || o.ID.String() != order {
			t.Errorf("acknowledged %s made %s, found %+v %v", command, order, o, err)
		}
	}
	b.buyer = person(hashyard.NewID(), false, hashyard.Trader)
	b.market = market.New(b.marketConfig(b.store))
	b.svc = b.service(b.market)
	b.run(t)
	b.bid(t, 1_000, 1)
	b.booksAt(t, name)
	t.Logf("%d orders acknowledged by 4 processes that were killed", len(acked))
}

// killAfter runs a child and kills it after so many acknowledgements.
func (b *bundle) killAfter(t *testing.T, database string, acks int, acked map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestMarketChild$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+testdb.AppURL(database)+" "+b.s19.ID.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) == 3 && f[0] == "ack" {
			acked[f[1]] = f[2]
			if n++; n == acks {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		} else if len(f) > 0 && f[0] == "failed" {
			t.Errorf("child: %s", lines.Text())
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child was to be killed: %v", err)
	}
}
