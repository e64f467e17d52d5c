package fake_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/stripe/fake"
)

func TestRestartKeepsStateAndUndeliveredWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.setDown(true)
	cust := w.customer("Buyer")
	p := w.open(cust, 10_000)
	w.pay(p, 12_000, "")
	if _, err := w.rail.Transfer(t.Context(), brokerage.TransferRequest{Trade: p.Trade, Account: w.seller(), Amount: 9_850, Key: "release"}); err != nil {
		t.Fatal(err)
	}
	wait(t, "attempts at a receiver that is down", func() bool {
		w.inbox.mu.Lock()
		defer w.inbox.mu.Unlock()
		return w.inbox.tries > 12
	})
	w.halt()
	before := w.double.Snapshot()

	w.start()
	after := w.double.Snapshot()
	before.Deliveries, after.Deliveries = nil, nil
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("state over a restart (-before +after)\n%s", diff)
	}
	if got := w.read(p.ID); got.Status != brokerage.PaymentSucceeded {
		t.Errorf("payment %+v", got)
	}
	if n := len(w.inbox.got()); n != 0 {
		t.Fatalf("%d events arrived while the receiver was down", n)
	}
	w.inbox.setDown(false)
	wait(t, "all that was held back, twice", func() bool { return len(w.inbox.times("payment_intent.succeeded", p.ID)) == 2 })
	wait(t, "nothing left to deliver", func() bool { return undelivered(w) == 0 })
	again := w.open(cust, 2_000)
	if again.Status != brokerage.PaymentSucceeded {
		t.Errorf("the 2,000 left over did not pay the next: %+v", again)
	}
}

func undelivered(w *world) int {
	n := 0
	for _, v := range w.double.Snapshot().Deliveries {
		if v.DeliveredAt == nil {
			n++
		}
	}
	return n
}

func TestHoldReleaseRedeliver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control("webhooks/hold", nil)
	p := w.funded(1_000)
	if got := w.read(p.ID); got.Status != brokerage.PaymentSucceeded {
		t.Fatalf("payment %+v", got)
	}
	w.shift.Store(int64(time.Minute))
	if n := len(w.inbox.got()); n != 0 {
		t.Errorf("%d events in spite of the hold", n)
	}
	w.control("webhooks/release", nil)
	wait(t, "the released events", func() bool { return len(w.inbox.times("payment_intent.succeeded", p.ID)) == 2 })
	first := w.inbox.times("payment_intent.succeeded", p.ID)[0]
	w.control("events/"+w.inbox.got()[first].ID+"/redeliver", nil)
	wait(t, "a third copy", func() bool { return len(w.inbox.times("payment_intent.succeeded", p.ID)) == 3 })
}

func TestEventsCanBeSweptWithoutWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *fake.Config) { c.WebhookURL = "" })
	start := time.Now().Add(-time.Minute)
	p := w.funded(1_000)
	events, err := w.rail.Events(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		if e.Payment == p.ID {
			kinds = append(kinds, e.Type)
		}
	}
	want := []string{"payment_intent.succeeded", "charge.succeeded", "payment_intent.requires_action", "payment_intent.created"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("events, newest first (-want +got)\n%s", diff)
	}
}

func TestForgedAndStaleWebhooksAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.funded(1_000)
	wait(t, "an event", func() bool { return len(w.inbox.times("payment_intent.succeeded", p.ID)) > 0 })
	w.inbox.mu.Lock()
	body, now := w.inbox.raw[0], w.cfg.Now()
	w.inbox.mu.Unlock()

	if _, err := w.rail.ParseWebhook(body, fake.Sign(body, testSecret, now), now); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	changed := append(append([]byte{}, body...), ' ')
	for name, bad := range map[string]struct {
		body   []byte
		header string
		now    time.Time
	}{
		"other secret":  {body, fake.Sign(body, "whsec_other", now), now},
		"changed body":  {changed, fake.Sign(body, testSecret, now), now},
		"stale":         {body, fake.Sign(body, testSecret, now), now.Add(301 * time.Second)},
		"from tomorrow": {body, fake.Sign(body, testSecret, now), now.Add(-301 * time.Second)},
		"no header":     {body, "", now},
	} {
		if _, err := w.rail.ParseWebhook(bad.body, bad.header, bad.now); !errors.Is(err, hashyard.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFailedSaveChangesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *fake.Config) { c.Path, c.WebhookURL = filepath.Join(dir, "stripe.json"), "" })
	p := w.open(w.customer("Buyer"), 1_000)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := w.rail.EnsureCustomer(t.Context(), hashyard.NewID(), "Other"); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("write without a disk: %v", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if n := len(w.double.Snapshot().Customers); n != 1 {
		t.Errorf("%d customers: what was not saved is still there", n)
	}
	w.pay(p, 1_000, "")
	if got := w.read(p.ID); got.Status != brokerage.PaymentSucceeded {
		t.Errorf("payment after the disk came back: %+v", got)
	}
}

func TestTheFileIsReadableJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded(1_000)
	raw, err := os.ReadFile(w.cfg.Path)
	if err != nil || !json.Valid(raw) {
		t.Fatalf("state file: %v", err)
	}
	// A delivery that is just being recorded has its temporary file for a moment.
	var left []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if left, err = filepath.Glob(w.cfg.Path + ".*"); err == nil && len(left) == 0 {
			break
		}
	}
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
	if err := os.WriteFile(w.cfg.Path, []byte(`{"format":1,`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fake.New(w.cfg); err == nil {
		t.Error("a broken state file was taken for an empty one")
	}
}
