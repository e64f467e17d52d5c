package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"hashyard"
	"hashyard/brokerage"
)

// inventory plays the reservations.
type inventory struct {
	mu     sync.Mutex // guards all
	holder map[hashyard.ID]hashyard.Ref
	model  string
	fail   error
}

func (i *inventory) Reserve(_ context.Context, _ hashyard.Actor, holder hashyard.Ref, us []hashyard.ID) ([]brokerage.ReservedUnit, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fail != nil {
		return nil, i.fail
	}
	model := i.model
	if model == "" {
		model = "Antminer S19 100T"
	}
	var out []brokerage.ReservedUnit
	for _, u := range us {
		if h, ok := i.holder[u]; ok && h != holder {
			return nil, hashyard.Conflict.Errorf("unit %s is already listed (order %s)", u, h.ID)
		}
		out = append(out, brokerage.ReservedUnit{ID: u, Serial: "SN" + u.String()[:8], Model: model, NominalGHs: 100_000})
	}
	for _, u := range us {
		i.holder[u] = holder
	}
	return out, nil
}

func (i *inventory) Release(_ context.Context, holder hashyard.Ref, us []hashyard.ID) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, u := range us {
		if i.holder[u] == holder {
			delete(i.holder, u)
		}
	}
	return nil
}

func (i *inventory) held() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.holder)
}

type conditions struct{}

func (conditions) Condition(_ context.Context, _, unit hashyard.ID) (json.RawMessage, error) {
	return json.RawMessage(`{"reported_ths":100.2,"unit":"` + unit.String() + `"}`), nil
}

// rail is a payment rail that keeps its promises, and forgets to answer when
// told so.
type rail struct {
	mu        sync.Mutex // guards all
	payments  map[string]*brokerage.RailPayment
	byKey     map[string]string
	transfers map[string]brokerage.TransferRequest // by transfer id
	refunds   map[string]brokerage.RefundRequest
	dropReply int            // so many answers get lost after the effect
	most      hashyard.Cents // one payment carries
	closed    bool           // no seller may be paid
	broken    string         // payment that cannot be read
	events    int
}

func newRail() *rail {
	return &rail{
		payments: map[string]*brokerage.RailPayment{}, byKey: map[string]string{},
		transfers: map[string]brokerage.TransferRequest{}, refunds: map[string]brokerage.RefundRequest{}, most: 99_999_999,
	}
}

var errDropped = errors.New("connection reset")

func (r *rail) drop() error {
	if r.dropReply > 0 {
		r.dropReply--
		return errDropped
	}
	return nil
}

func (r *rail) TestMode() bool { return true }

func (r *rail) MaxPayment() hashyard.Cents {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}

func (r *rail) EnsureCustomer(_ context.Context, org hashyard.ID, _ string) (string, error) {
	return "cus_" + org.String(), nil
}

func (r *rail) EnsureSellerAccount(_ context.Context, org hashyard.ID, _ string) (string, error) {
	return "acct_" + org.String(), nil
}

func (r *rail) OpenTransfer(_ context.Context, q brokerage.PaymentRequest) (brokerage.RailPayment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.byKey[q.Key]
	if !ok && q.Amount > r.most {
		return brokerage.RailPayment{}, hashyard.Invalid.Errorf("a payment of $%s is more than $%s", q.Amount, r.most)
	}
	if !ok {
		id = fmt.Sprintf("pi_%d", len(r.payments)+1)
		r.byKey[q.Key] = id
		r.payments[id] = &brokerage.RailPayment{
			ID: id, Trade: q.Trade, Status: brokerage.PaymentOpen, Amount: q.Amount,
			Instructions: brokerage.Instructions{BankName: "TEST BANK", Reference: "REF" + id},
		}
	}
	return *r.payments[id], r.drop()
}

func (r *rail) Payment(_ context.Context, id string) (brokerage.RailPayment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == r.broken {
		return brokerage.RailPayment{}, errDropped
	}
	p, ok := r.payments[id]
	if !ok {
		return brokerage.RailPayment{}, hashyard.NotFound.Errorf("payment %s", id)
	}
	return *p, nil
}

func (r *rail) CancelPayment(_ context.Context, id, _ string) (brokerage.RailPayment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.payments[id].Status == brokerage.PaymentOpen {
		r.payments[id].Status = brokerage.PaymentCanceled
	}
	return *r.payments[id], nil
}

func (r *rail) Transfer(_ context.Context, q brokerage.TransferRequest) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return "", fmt.Errorf("%w: no bank account", brokerage.ErrNotPayable)
	}
	id := "tr_" + q.Key
	if old, ok := r.transfers[id]; ok && old != q {
		return "", hashyard.Conflict.Errorf("key %s was used for another transfer", q.Key)
	}
	r.transfers[id] = q
	return id, r.drop()
}

func (r *rail) Refund(_ context.Context, q brokerage.RefundRequest) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refunds["re_"+q.Key] = q
	return "re_" + q.Key, r.drop()
}

func (r *rail) ParseWebhook(body []byte, signature string, now time.Time) (brokerage.RailEvent, error) {
	if signature != "signed" {
		return brokerage.RailEvent{}, hashyard.Unauthenticated.Errorf("webhook signature")
	}
	var e brokerage.RailEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return e, hashyard.Invalid.Errorf("webhook: %w", err)
	}
	e.Created = now
	return e, nil
}

// bankSends pays into a payment, as the buyer's bank does.
func (r *rail) bankSends(id string, amount hashyard.Cents) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.payments[id]
	if p.Status != brokerage.PaymentOpen {
		return
	}
	p.Received = min(p.Received+amount, p.Amount)
	if p.Received == p.Amount {
		p.Status = brokerage.PaymentSucceeded
	}
}

// webhook makes the body of a new event about a payment.
func (r *rail) webhook(typ, payment string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events++
	b, _ := json.Marshal(brokerage.RailEvent{ID: fmt.Sprintf("evt_%d", r.events), Type: typ, Payment: payment})
	return b
}
