package pool

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Reject counts refused submits of one worker in one hour, by cause.
type Reject struct {
	Account, Worker, Unit hashyard.ID
	Hour                  time.Time
	Cause                 share.Cause
	// Upto is the end of the class that the lateness of work on an older tip
	// falls into, Latest for the last; 0 for all other causes.
	Upto  time.Duration
	Count int64
}

// Latest is the class without an end.
const Latest = time.Duration(math.MaxInt32) * time.Millisecond

// lateClasses are the ends of the classes of lateness: a fast network stays in
// the first ones, a machine that goes on with old work in the last.
func lateClasses() []time.Duration {
	return []time.Duration{
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second,
		5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, Latest,
	}
}

// lateClass is the class of a refused record; 0 when lateness says nothing.
func lateClass(r share.Record) time.Duration {
	if r.Cause != share.TipMoved {
		return 0
	}
	classes := lateClasses()
	i, _ := slices.BinarySearch(classes, r.Late)
	return classes[min(i, len(classes)-1)]
}

// Rejects counts refused records by worker, hour and cause, in a fixed order.
// Those of nobody are left out.
func Rejects(records []share.Record) []Reject {
	type key struct {
		worker hashyard.ID
		hour   int64
		cause  share.Cause
		upto   time.Duration
	}
	at := map[key]int{}
	var out []Reject
	for _, r := range records {
		if r.Accepted() || r.Worker.IsZero() {
			continue
		}
		hour := r.At.UTC().Truncate(time.Hour)
		k := key{r.Worker, hour.Unix(), r.Cause, lateClass(r)}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, Reject{Account: r.Account, Worker: r.Worker, Unit: r.Unit, Hour: hour, Cause: r.Cause, Upto: k.upto})
		}
		out[i].Count++
	}
	slices.SortFunc(out, func(a, b Reject) int {
		return cmp.Or(slices.Compare(a.Worker[:], b.Worker[:]), a.Hour.Compare(b.Hour), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Upto, b.Upto))
	})
	return out
}

// Books is what a batch adds to the accounts.
type Books struct {
	Work    []Booking
	Rejects []Reject
}

// BooksOf sums records.
func BooksOf(records []share.Record) Books {
	return Books{Work: Book(records), Rejects: Rejects(records)}
}

// RejectQuery selects refused submits of a worker, a unit, or all that the
// actor may see.
type RejectQuery struct {
	Worker, Unit hashyard.ID
	Since        time.Time
}

// Rejects tells why submits were refused since, whole hours, by cause and
// class of lateness, over all the workers asked for: Worker and Hour are zero.
func (s *Service) Rejects(ctx context.Context, actor hashyard.Actor, q RejectQuery) ([]Reject, error) {
	out, err := s.store.Rejects(ctx, actor, q)
	if err != nil {
		return nil, fmt.Errorf("refused submits: %w", err)
	}
	return out, nil
}
