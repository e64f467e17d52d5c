package fpps

import (
	"math/big"

	"hashyard"
)

// Priced is work at the rate of its epoch.
type Priced struct {
	Rate Rate
	Work hashyard.Work
}

// Earned is what one account gets for its work: exact sums and whole amounts,
// Gross = Fee + Net.
type Earned struct {
	ExactGross, ExactNet *big.Rat
	Gross, Fee, Net      hashyard.Sats
}

// Account sums an account's work exactly and rounds once, down.
func Account(work []Priced) (Earned, error) {
	e := Earned{ExactGross: new(big.Rat), ExactNet: new(big.Rat)}
	for _, p := range work {
		if err := p.Rate.Check(); err != nil {
			return Earned{}, err
		}
		e.ExactGross.Add(e.ExactGross, p.Rate.Gross(p.Work))
		e.ExactNet.Add(e.ExactNet, p.Rate.Net(p.Work))
	}
	var err error
	if e.Gross, err = Floor(e.ExactGross); err != nil {
		return Earned{}, err
	}
	if e.Net, err = Floor(e.ExactNet); err != nil {
		return Earned{}, err
	}
	e.Fee = e.Gross - e.Net
	return e, nil
}

// Total closes a period over its accounts: total is the whole work's worth
// rounded once, and residue what the accounts' own roundings leave of it, at
// least zero and below one satoshi for each account.
func Total(accounts []Earned) (total, residue hashyard.Sats, err error) {
	sum := new(big.Rat)
	for _, e := range accounts {
		sum.Add(sum, e.ExactGross)
		residue -= e.Gross
	}
	if total, err = Floor(sum); err != nil {
		return 0, 0, err
	}
	return total, residue + total, nil
}
