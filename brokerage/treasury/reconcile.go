package treasury

import (
	"context"
	"fmt"
	"time"

	"hashyard"
)

// EvReconcileDue is the treasury's own clock: compare the books with what is
// outside them.
const EvReconcileDue hashyard.EventKind = "treasury.reconcile_due"

// ReconcileEvery is how often the books are compared.
const ReconcileEvery = 15 * time.Minute

// Dollars is the payment rail's word about the house's balance.
type Dollars interface {
	Balance(ctx context.Context) (available, pending hashyard.Cents, err error)
}

// Unspent asks the node for a coin: false when it is spent or unknown there.
type Unspent func(ctx context.Context, coin OutPoint) (value hashyard.Sats, found bool, err error)

// LineState is what a comparison came to.
type LineState string

// The states of a line.
const (
	LineEqual    LineState = "equal"
	LineUnderWay LineState = "under_way" // explained by money that is on its way
	LineExplain  LineState = "explain"   // money came that nobody named; it pays nobody
	LineDiffers  LineState = "differs"
	LineUnknown  LineState = "unknown" // the other side did not answer
)

// Line is one account beside what is outside the books.
type Line struct {
	Account  string            `json:"account"`
	Currency hashyard.Currency `json:"currency"`
	Source   string            `json:"source"`
	Ledger   int64             `json:"ledger"`
	Outside  int64             `json:"outside"`
	UnderWay int64             `json:"under_way,omitempty"` // of Outside, told by our own open orders to pay
	Paying   bool              `json:"paying"`              // payouts are made from it
	State    LineState         `json:"state"`
	Note     string            `json:"note,omitempty"`
}

// Difference is what is outside more than the ledger has.
func (l Line) Difference() int64 { return l.Outside - l.Ledger }

// judge decides a line's state from its figures.
func (l Line) judge() Line {
	d := l.Difference()
	switch {
	case l.State == LineUnknown:
	case d == 0:
		l.State = LineEqual
	case d < 0 && -d <= l.UnderWay:
		l.State, l.Note = LineUnderWay, "a payment of ours is on its way"
	case d > 0 && l.Currency == hashyard.USD && l.Paying:
		l.State, l.Note = LineExplain, "came in and is named by no trade yet"
	default:
		l.State = LineDiffers
	}
	return l
}

// Reconciliation is one comparison.
type Reconciliation struct {
	ID     hashyard.ID
	At     time.Time
	Height int64
	Lines  []Line
	Froze  bool // it turned the payout switch
}

// Differ counts lines that nothing explains.
func (r Reconciliation) Differ() (n int) {
	for _, l := range r.Lines {
		if l.State == LineDiffers {
			n++
		}
	}
	return n
}

// stops is the first paying account that differs; a difference there freezes.
func (r Reconciliation) stops() (Line, bool) {
	for _, l := range r.Lines {
		if l.State == LineDiffers && l.Paying {
			return l, true
		}
	}
	return Line{}, false
}

// Books are the ledger's side of a comparison, of one moment.
type Books struct {
	Balances
	Stripe, HeldPayouts hashyard.Cents // debit positive
	HeldByTrades        hashyard.Cents // what the trades themselves say is held
	OpenTransfers       hashyard.Cents // ordered on the rail and not booked yet
	Coins               []Coin         // unspent as scanned
}

// OnReconcileDue compares, stores what came out, and sets the next time.
func (s *Service) OnReconcileDue(ctx context.Context, ev hashyard.Event) error {
	if _, err := s.reconcile(ctx, ev.ID); err != nil {
		return fmt.Errorf("reconcile on %s: %w", ev.ID, err)
	}
	return nil
}

// ReconcileNow compares outside the clock, when a person asks.
func (s *Service) ReconcileNow(ctx context.Context, actor hashyard.Actor) (Reconciliation, error) {
	if !actor.House && actor.System == "" {
		return Reconciliation{}, hashyard.Denied.Errorf("the treasury is the house's")
	}
	return s.reconcile(ctx, hashyard.ID{})
}

func (s *Service) reconcile(ctx context.Context, event hashyard.ID) (Reconciliation, error) {
	r, err := s.compareTwice(ctx)
	if err != nil {
		return r, err
	}
	if l, stop := r.stops(); stop {
		f, err := s.cfg.Store.Freeze(ctx)
		if err != nil {
			return r, err
		}
		if !f.Frozen {
			why := fmt.Sprintf("reconciliation: %s is %d in the ledger and %d outside (%s)", l.Account, l.Ledger, l.Outside, l.Source)
			if _, told, err := s.SetFreeze(ctx, hashyard.SystemActor("treasury.reconcile"), true, why); err != nil {
				return r, err
			} else if told != nil {
				s.cfg.Log.WarnContext(ctx, "signer not told of the freeze yet", "error", told)
			}
			r.Froze = true
		}
	}
	return r, s.cfg.Store.PutReconciliation(ctx, event, r, r.At.Add(ReconcileEvery))
}

// compareTwice believes a difference on a paying account only if it stays the
// same: between two reads money moves, and books follow it.
func (s *Service) compareTwice(ctx context.Context) (Reconciliation, error) {
	r, err := s.compare(ctx)
	for range 3 {
		l, stop := r.stops()
		if err != nil || !stop {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(s.cfg.Second):
		}
		if r, err = s.compare(ctx); err != nil {
			return r, err
		}
		if again, still := r.stops(); still && again.Difference() == l.Difference() && again.Account == l.Account {
			return r, nil
		}
	}
	return r, err
}

// compare reads the books, then what is outside.
func (s *Service) compare(ctx context.Context) (Reconciliation, error) {
	r := Reconciliation{ID: hashyard.NewID(), At: s.now()}
	b, err := s.cfg.Store.Books(ctx)
	if err != nil {
		return r, err
	}
	r.Height = b.Head.Height
	r.Lines = []Line{s.stripeLine(ctx, b), {
		Account: "Held payouts", Currency: hashyard.USD, Source: "trades", Ledger: -int64(b.HeldPayouts), Outside: int64(b.HeldByTrades), Paying: false,
	}}
	r.Lines = append(r.Lines, s.coinLines(ctx, b)...)
	r.Lines = append(r.Lines, Line{
		Account: "Payouts in flight", Currency: hashyard.BTC, Source: "signed, not mined", Ledger: -int64(b.LedgerInFlight), Outside: int64(b.InFlight), Paying: true,
	})
	for i := range r.Lines {
		r.Lines[i] = r.Lines[i].judge()
	}
	return r, nil
}

func (s *Service) stripeLine(ctx context.Context, b Books) Line {
	l := Line{
		Account: "Payment rail balance", Currency: hashyard.USD, Source: "Stripe", Ledger: int64(b.Stripe), Paying: true, UnderWay: int64(b.OpenTransfers),
	}
	if s.cfg.Dollars == nil {
		l.State, l.Note = LineUnknown, "no rail is asked"
		return l
	}
	available, pending, err := s.cfg.Dollars.Balance(ctx)
	if err != nil {
		l.State, l.Note = LineUnknown, "the rail did not answer"
		return l
	}
	l.Outside = int64(available + pending)
	if pending != 0 {
		l.Note = fmt.Sprintf("%d cents have not settled yet", pending)
	}
	return l
}

// maxCoinsAsked bounds how many coins one comparison asks the node for.
const maxCoinsAsked = 2000

// coinLines asks the node for every coin that was scanned: the ripe ones are in
// the books, immature rewards are not yet.
func (s *Service) coinLines(ctx context.Context, b Books) []Line {
	ripe := Line{Account: "Treasury coins", Currency: hashyard.BTC, Ledger: int64(b.LedgerCoins), Paying: true}
	green := Line{Account: "Immature rewards", Currency: hashyard.BTC, Ledger: int64(b.Immature), Note: "booked when they mature"}
	var nRipe, nGreen, missing int
	for i, c := range b.Coins {
		l, n := &ripe, &nRipe
		if c.Mature > b.Head.Height {
			l, n = &green, &nGreen
		}
		if *n++; s.cfg.Unspent == nil || i >= maxCoinsAsked {
			l.Outside += int64(c.Value)
			continue
		}
		v, found, err := s.cfg.Unspent(ctx, c.Point)
		switch {
		case err != nil:
			ripe.State, green.State, ripe.Note = LineUnknown, LineUnknown, "the node did not answer"
			return []Line{ripe, green}
		case !found && !c.Holder.IsZero():
			l.UnderWay += int64(c.Value) // its spending is in a block that is not scanned yet
		case !found:
			missing++
		default:
			l.Outside += int64(v)
		}
	}
	ripe.Source, green.Source = fmt.Sprintf("node, %d coins", nRipe), fmt.Sprintf("node, %d coins", nGreen)
	if missing > 0 {
		ripe.Note = fmt.Sprintf("the node has %d of our coins no more", missing)
	}
	return []Line{ripe, green}
}

// Reconciliations are the newest first.
func (s *Service) Reconciliations(ctx context.Context, actor hashyard.Actor, limit int) ([]Reconciliation, error) {
	if !actor.House && actor.System == "" {
		return nil, hashyard.Denied.Errorf("the treasury is the house's")
	}
	return s.cfg.Store.Reconciliations(ctx, limit)
}

// ArmReconcile sets the clock going unless it goes already.
func (s *Service) ArmReconcile(ctx context.Context) error {
	return s.cfg.Store.ArmReconcile(ctx, s.now())
}
