package pool

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Tally counts judged submits: exact work of the accepted ones, Σ difficulty²
// for their precision, and the refused ones by code.
type Tally struct {
	Work    hashyard.Work
	Squares *big.Int // Σ difficulty²; nil is none
	Shares  int64
	Rejects [6]int64 // codes 20 … 25
	Last    time.Time
}

// Add counts one record.
func (t *Tally) Add(r share.Record) {
	if !r.Accepted() {
		if i := r.Code - int(share.Other); i >= 0 && i < len(t.Rejects) {
			t.Rejects[i]++
		}
		return
	}
	if r.At.After(t.Last) {
		t.Last = r.At
	}
	if r.Difficulty == 0 {
		return // taken from a miner that was told less since, and no measure of its work
	}
	t.Work = t.Work.Add(hashyard.WorkOf(r.Difficulty))
	if t.Squares == nil {
		t.Squares = new(big.Int)
	}
	d := new(big.Int).SetUint64(uint64(r.Difficulty))
	t.Squares.Add(t.Squares, d.Mul(d, d))
	t.Shares++
}

// Merge adds another count.
func (t *Tally) Merge(o Tally) {
	t.Work = t.Work.Add(o.Work)
	t.Squares = new(big.Int).Add(orZero(t.Squares), orZero(o.Squares))
	t.Shares += o.Shares
	for i, n := range o.Rejects {
		t.Rejects[i] += n
	}
	if o.Last.After(t.Last) {
		t.Last = o.Last
	}
}

func orZero(b *big.Int) *big.Int {
	if b == nil {
		return new(big.Int)
	}
	return b
}

// Rejected is how many submits were refused.
func (t Tally) Rejected() (n int64) {
	for _, r := range t.Rejects {
		n += r
	}
	return n
}

// Booking is what one worker did in one epoch in one minute.
type Booking struct {
	Account, Worker, Unit, Epoch hashyard.ID
	Minute                       time.Time
	Tally
}

type bookingKey struct {
	account, worker, unit, epoch hashyard.ID
	minute                       int64
}

// Book sums records by worker, epoch and minute, in a fixed order. Submits of
// nobody, refused before they authorised, belong to no account and are left
// out; they never carry work.
func Book(records []share.Record) []Booking {
	at := map[bookingKey]int{}
	var out []Booking
	for _, r := range records {
		if !r.Accepted() && (r.Worker.IsZero() || r.Epoch.IsZero()) {
			continue
		}
		minute := r.At.UTC().Truncate(time.Minute)
		k := bookingKey{r.Account, r.Worker, r.Unit, r.Epoch, minute.Unix()}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, Booking{Account: r.Account, Worker: r.Worker, Unit: r.Unit, Epoch: r.Epoch, Minute: minute})
		}
		out[i].Add(r)
	}
	// One order of rows for every transaction: they cannot deadlock.
	slices.SortFunc(out, func(a, b Booking) int {
		return cmp.Or(slices.Compare(a.Worker[:], b.Worker[:]), slices.Compare(a.Epoch[:], b.Epoch[:]), a.Minute.Compare(b.Minute))
	})
	return out
}
