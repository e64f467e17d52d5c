package telemetry

import (
	"time"

	"hashyard"
)

// Market counts the commands of the market and how long their answers took.
type Market struct {
	Observe  func(kind string, took time.Duration, err error)
	OnTrades func(n int)
}

// NewMarket registers the market's figures.
func NewMarket(r *Registry) Market {
	acks := r.histogram("hashyard_order_ack_seconds", "Time from an order's arrival at the market to its answer, which follows the commit.", fast, "kind")
	refused := r.counter("hashyard_orders_refused_total", "Market commands not carried out, by kind of error.", "kind", "reason")
	trades := r.counter("hashyard_trades_matched_total", "Trades made.").WithLabelValues()
	return Market{
		Observe: func(kind string, took time.Duration, err error) {
			acks.WithLabelValues(kind).Observe(took.Seconds())
			if err != nil {
				refused.WithLabelValues(kind, reason(err)).Inc()
			}
		},
		OnTrades: func(n int) { trades.Add(float64(n)) },
	}
}

// reason is the kind of an error, or that it is none of the known ones.
func reason(err error) string {
	if k, ok := hashyard.KindOf(err); ok {
		return string(k)
	}
	return "unknown"
}
