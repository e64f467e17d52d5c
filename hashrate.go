package hashyard

import (
	"fmt"
	"time"
)

// Hashrate is a measured rate in hashes per second; 1 TH/s is 1e12.
type Hashrate float64

// GHs is a contracted hashrate in whole gigahashes per second. Contracts use
// integers so that two parties can never round them differently.
type GHs int64

// The scales people speak in.
const (
	GH Hashrate = 1e9
	TH Hashrate = 1e12
	PH Hashrate = 1e15
)

// Hashrate is the contracted rate as a measured one.
func (g GHs) Hashrate() Hashrate { return Hashrate(g) * GH }

// String writes the contracted rate in TH/s with one decimal.
func (g GHs) String() string { return g.Hashrate().String() }

// String writes the rate in TH/s with one decimal.
func (h Hashrate) String() string { return fmt.Sprintf("%.1f TH/s", float64(h/TH)) }

// Scale is the work scale of a network: how many hashes one real hash stands
// for on screens and in comparisons with a contract. It is 1 on every real
// network. It never touches work, difficulty or price.
type Scale int64

// Hashrate is the rate that did work w in d, as shown to people.
func (s Scale) Hashrate(w Work, d time.Duration) Hashrate {
	if d <= 0 {
		return 0
	}
	return Hashrate(w.Hashes() / d.Seconds() * float64(s))
}
