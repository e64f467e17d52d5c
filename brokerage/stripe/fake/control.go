package fake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Fault is a failure the double plays on matching API requests.
type Fault struct {
	Method string `json:"method"` // any when empty
	Path   string `json:"path"`   // beginning of the path; any when empty
	// Kind is what goes wrong: "drop" does the work and breaks the connection
	// instead of answering; "refuse" answers Status before any work and keeps
	// nothing; "crash" answers 500, does nothing and keeps that answer under
	// the idempotency key, as the real API does; "delay" waits first.
	Kind    string `json:"kind"`
	Status  int    `json:"status,omitempty"`   // of refuse; default 503
	DelayMS int    `json:"delay_ms,omitempty"` // of delay
	Times   int    `json:"times,omitempty"`    // default 1
}

// The kinds of fault.
const (
	FaultDrop   = "drop"
	FaultRefuse = "refuse"
	FaultCrash  = "crash"
	FaultDelay  = "delay"
)

func (f *Fault) before(ctx context.Context) *apiError {
	switch {
	case f == nil:
	case f.Kind == FaultRefuse:
		return &apiError{Status: f.Status, Type: typeAPI, Message: "The double refuses this request.", early: true}
	case f.Kind == FaultDelay:
		timer := time.NewTimer(time.Duration(f.DelayMS) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return broken("The client went away.")
		}
	}
	return nil
}

func (f *Fault) drops() bool { return f != nil && f.Kind == FaultDrop }

func (f *Fault) crash() *apiError {
	if f == nil || f.Kind != FaultCrash {
		return nil
	}
	return broken("An unknown error occurred.")
}

// takeFault uses up one matching fault.
func (d *Double) takeFault(r *http.Request) *Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, f := range d.faults {
		if f.Method != "" && f.Method != r.Method || !strings.HasPrefix(r.URL.Path, f.Path) {
			continue
		}
		f.Times--
		if f.Times <= 0 {
			d.faults = append(d.faults[:i:i], d.faults[i+1:]...)
		}
		return f
	}
	return nil
}

// control serves /_double: what people and failures do, and what to look at.
func (d *Double) control(mux *http.ServeMux) {
	mux.HandleFunc("GET /_double/state", func(w http.ResponseWriter, _ *http.Request) {
		d.mu.Lock()
		snap := d.snapshot()
		d.mu.Unlock()
		answer(w, snap, nil)
	})
	mux.HandleFunc("POST /_double/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		err := readJSON(r, &f)
		if err == nil {
			err = d.addFault(f)
		}
		answer(w, f, err)
	})
	mux.HandleFunc("DELETE /_double/faults", func(w http.ResponseWriter, _ *http.Request) {
		d.mu.Lock()
		d.faults = nil
		d.mu.Unlock()
		answer(w, struct{}{}, nil)
	})
	mux.HandleFunc("POST /_double/webhooks/hold", d.change(func(t *tx, _ *http.Request) (any, error) {
		t.Held = true
		return struct{}{}, nil
	}))
	mux.HandleFunc("POST /_double/webhooks/release", d.change(func(t *tx, _ *http.Request) (any, error) {
		t.Held = false
		return struct{}{}, nil
	}))
	mux.HandleFunc("POST /_double/events/{id}/redeliver", d.change(redeliver))
	mux.HandleFunc("POST /_double/accounts/{id}/transfers", d.change(reviewAccount))
	mux.HandleFunc("POST /_double/bank_transfers", d.change(bankTransfer))
	mux.HandleFunc("/_double/", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil, errUnknown) })
}

var errUnknown = errors.New("no such object")

func redeliver(t *tx, r *http.Request) (any, error) {
	ev, ok := t.Events.get(r.PathValue("id"))
	if !ok {
		return nil, errUnknown
	}
	t.queue(ev.ID, t.cfg.Delivery.Copies, t.now)
	return ev.Raw, nil
}

// reviewAccount plays the provider's review of a seller.
func reviewAccount(t *tx, r *http.Request) (any, error) {
	var in struct {
		Status string `json:"status"`
	}
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if in.Status != active && in.Status != inactive && in.Status != pending {
		return nil, errors.New("status must be active, inactive or pending")
	}
	row, ok := t.Accounts.get(r.PathValue("id"))
	if !ok {
		return nil, errUnknown
	}
	t.setTransfers(row, in.Status)
	return row.Wire, nil
}

// BankTransfer is an order to a buyer's bank: it knows the account number that
// the payment instructions show, not the customer behind it.
type BankTransfer struct {
	AccountNumber string `json:"account_number"`
	Amount        int64  `json:"amount"` // cents
	Reference     string `json:"reference,omitempty"`
}

func bankTransfer(t *tx, r *http.Request) (any, error) {
	var in BankTransfer
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if in.Amount <= 0 || in.AccountNumber == "" {
		return nil, errors.New("account_number and a positive amount are required")
	}
	for _, row := range t.Customers.rows {
		if row.Account == in.AccountNumber {
			return t.fund(row, in.Amount, in.Reference), nil
		}
	}
	return nil, errUnknown
}

// change wraps a control call that changes the saved state.
func (d *Double) change(fn func(*tx, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var shown json.RawMessage // written under the lock: v may point into the state
		d.mu.Lock()
		v, err := fn(d.begin(), r)
		if err == nil {
			shown, err = json.Marshal(v)
		}
		if err == nil {
			err = d.save()
		}
		d.mu.Unlock()
		d.nudge()
		answer(w, shown, err)
	}
}

func (d *Double) addFault(f Fault) error {
	switch f.Kind {
	case FaultDrop, FaultRefuse, FaultCrash, FaultDelay:
	default:
		return errors.New("kind must be drop, refuse, crash or delay")
	}
	if f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	f.Times = max(f.Times, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, &f)
	return nil
}

func readJSON(r *http.Request, into any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case errors.Is(err, errUnknown):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	}
	if err != nil {
		v = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(v) // the client is gone; nothing to tell it
}
