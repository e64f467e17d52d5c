package book

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hashyard"
)

// BenchmarkMatch is a mixed flow on a book of some depth: of a hundred commands
// about 45 rest, 35 cancel, 5 replace and 15 take. It gives the latency that
// 99.9 % of the commands stay under as p99.9-ns, with the clock's own cost in it.
func BenchmarkMatch(b *testing.B) {
	const commands = 1 << 17
	flow := mixedFlow(commands)
	for _, timed := range []bool{false, true} {
		name := "throughput"
		if timed {
			name = "latency"
		}
		b.Run(name, func(b *testing.B) {
			bk := New()
			out := make([]Event, 0, 64)
			took := make([]time.Duration, 0, b.N)
			for _, c := range flow[:commands/2] { // up to its usual size
				out = c.onto(bk, out[:0])
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				c := &flow[i%commands]
				if !timed {
					out = c.onto(bk, out[:0])
					continue
				}
				began := time.Now()
				out = c.onto(bk, out[:0])
				took = append(took, time.Since(began))
			}
			b.StopTimer()
			if timed {
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*999/1000]), "p99.9-ns")
			}
			b.ReportMetric(float64(bk.Len()), "resting")
		})
	}
}

func (c *command) onto(b *Book, out []Event) []Event {
	switch c.kind {
	case cancelOne:
		return b.Cancel(c.order.ID, c.order.Org, out)
	case replaceOne:
		return b.Replace(c.order.ID, c.order.Org, c.order.Price, c.order.Units, out)
	}
	return b.Place(c.order, out)
}

// mixedFlow ends as it began, so that it can be played round and round: what
// still rests at the end is cancelled in it.
func mixedFlow(n int) []command {
	rnd := rand.New(rand.NewPCG(1, 2))
	bk := New()
	flow := make([]command, 0, n)
	var live []Order
	add := func(c command) {
		flow = append(flow, c)
		c.apply(bk)
	}
	for next := 1; len(flow) < n; next++ {
		room := n-len(flow) > bk.Len()
		p := rnd.IntN(100)
		if !room {
			o := bk.sides[bk.fuller()][0].head.order
			add(command{kind: cancelOne, order: o})
			continue
		}
		o := Order{ID: id('o', next), Org: id('g', 1+rnd.IntN(200)), Side: Side(rnd.IntN(2)), Units: int64(1 + rnd.IntN(5))}
		o.ID[13] = byte(next >> 16)
		away := hashyard.MilliCentsPerTH(rnd.IntN(40))
		o.Price = 1_000_000 - 1 - away
		if o.Side == Ask {
			o.Price = 1_000_000 + away
		}
		switch {
		case p < 40 && len(live) > 500:
			i := rnd.IntN(len(live))
			c := command{kind: cancelOne, order: live[i]}
			if p < 5 {
				c.kind = replaceOne
				c.order.Units += int64(rnd.IntN(3)) - 1
			} else {
				live[i] = live[len(live)-1]
				live = live[:len(live)-1]
			}
			add(c)
		case p < 55 && len(live) > 500: // takes
			o.TIF = IOC
			o.Price = 1_000_000 + 5
			if o.Side == Ask {
				o.Price = 1_000_000 - 5
			}
			add(command{order: o})
		default:
			live = append(live, o)
			add(command{order: o})
		}
	}
	return flow
}

func (b *Book) fuller() Side {
	if len(b.sides[Bid]) > 0 {
		return Bid
	}
	return Ask
}
