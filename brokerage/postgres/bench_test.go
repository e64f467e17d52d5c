package postgres_test

import (
	"context"
	"testing"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// BenchmarkPlace is orders placed by 64 traders at once, each committed
// before it is answered.
func BenchmarkPlace(b *testing.B) {
	y := prepare(b)
	start(b, y.market)
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		who := person(hashyard.NewID(), false, hashyard.Trader)
		for n := 0; p.Next(); n++ {
			_, err := y.svc.Place(context.Background(), who, brokerage.NewOrder{
				Instrument: y.s19.ID, Side: book.Bid, Price: hashyard.MilliCentsPerTH(1_000_000 + 1000*(n%50)), Units: 1,
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}
