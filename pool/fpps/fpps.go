// Package fpps prices accepted work by full pay per share: work at a network
// difficulty is worth its expected part of a block's subsidy and mean fees,
// less the pool's fee. It is pure and exact: rationals until the one rounding
// at the end, always down; what roundings leave is named residue.
//
// One unit of work is 2^-32 of difficulty 1, so difficulty, never an estimated
// hashrate, is what earns: work/2^32 ÷ (diff1/target) × (subsidy + mean fee).
package fpps

import (
	"math/big"
	"time"

	"hashyard"
	"hashyard/pool/job"
)

// MaxPPM is the whole in parts per million.
const MaxPPM = 1_000_000

// Rate is everything that prices work, so that anybody can recompute it.
type Rate struct {
	NBits   uint32        // of the jobs' headers
	Subsidy hashyard.Sats // without fees
	FeeSum  hashyard.Sats // fees of the blocks in the index
	FeeN    int64         // how many blocks; 0 prices without fees
	FeePPM  int64         // the pool's fee
	// SubsidySum is the subsidies of those blocks where fees are paid in
	// proportion to the subsidy, as by a day's index; 0 where by their mean.
	SubsidySum hashyard.Sats
}

// Check refuses a rate that cannot price anything.
func (r Rate) Check() error {
	if _, err := job.TargetFromBits(r.NBits); err != nil {
		return err
	}
	switch {
	case r.Subsidy < 0 || r.FeeSum < 0 || r.FeeN < 0 || r.SubsidySum < 0:
		return hashyard.Invalid.Errorf("rate: subsidy %d, fees %d of %d blocks are negative", r.Subsidy, r.FeeSum, r.FeeN)
	case r.FeePPM < 0 || r.FeePPM > MaxPPM:
		return hashyard.Invalid.Errorf("rate: a fee of %d ppm is outside 0 … %d", r.FeePPM, MaxPPM)
	case r.FeeN == 0 && (r.FeeSum != 0 || r.SubsidySum != 0):
		return hashyard.Invalid.Errorf("rate: fees %d of no blocks", r.FeeSum)
	}
	return nil
}

// Target is the network's target of compact bits, which must be valid.
func Target(nbits uint32) *big.Int {
	t, err := job.TargetFromBits(nbits)
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(t[:])
}

// Difficulty is the network's difficulty of compact bits: diff1 ÷ target.
func Difficulty(nbits uint32) *big.Rat {
	t := Target(nbits)
	if t.Sign() == 0 {
		return new(big.Rat)
	}
	return new(big.Rat).SetFrac(hashyard.Diff1Target(), t)
}

// Reward is what a block is expected to bring: subsidy and mean fees, or the
// subsidy and the part of it that a day's fees are of its subsidies.
func (r Rate) Reward() *big.Rat {
	if r.SubsidySum > 0 {
		v := new(big.Int).Add(big.NewInt(int64(r.SubsidySum)), big.NewInt(int64(r.FeeSum)))
		return new(big.Rat).SetFrac(v.Mul(v, big.NewInt(int64(r.Subsidy))), big.NewInt(int64(r.SubsidySum)))
	}
	n := max(r.FeeN, 1)
	v := new(big.Int).Mul(big.NewInt(int64(r.Subsidy)), big.NewInt(n))
	return new(big.Rat).SetFrac(v.Add(v, big.NewInt(int64(r.FeeSum))), big.NewInt(n))
}

// Gross is what work is worth in satoshis before the pool's fee, exactly.
func (r Rate) Gross(w hashyard.Work) *big.Rat {
	num := new(big.Int).Mul(w.Big(), Target(r.NBits))
	den := new(big.Int).Lsh(hashyard.Diff1Target(), 32)
	p := new(big.Rat).SetFrac(num, den)
	return p.Mul(p, r.Reward())
}

// Net is what work earns after the pool's fee, exactly.
func (r Rate) Net(w hashyard.Work) *big.Rat {
	p := r.Gross(w)
	return p.Mul(p, big.NewRat(MaxPPM-r.FeePPM, MaxPPM))
}

// Hashprice is what one displayed TH/s earns in a day in satoshis before the
// pool's fee. It is an index for people: it takes difficulty 1 as 2^32 hashes,
// as all published hashprices do, and pays nobody.
func (r Rate) Hashprice(scale hashyard.Scale) *big.Rat {
	const dayHashes = 86_400 * 1_000_000_000_000
	d := Difficulty(r.NBits)
	if d.Sign() == 0 || scale <= 0 {
		return new(big.Rat)
	}
	return PerDay(d, r.Reward(), big.NewRat(dayHashes, int64(scale)))
}

// PerDay is what hashes per day earn at a difficulty and block reward.
func PerDay(difficulty, reward, hashes *big.Rat) *big.Rat {
	p := new(big.Rat).SetInt64(1 << 32)
	p.Mul(p, difficulty)
	p.Quo(hashes, p)
	return p.Mul(p, reward)
}

// Floor is the largest whole amount not above p.
func Floor(p *big.Rat) (hashyard.Sats, error) {
	q := new(big.Int)
	q.Div(p.Num(), p.Denom()) // Euclidean: the denominator is positive
	if !q.IsInt64() {
		return 0, hashyard.Invalid.Errorf("amount %s: %w", p.FloatString(0), hashyard.ErrOverflow)
	}
	return hashyard.Sats(q.Int64()), nil
}

// Period is the settlement period that t lies in.
func Period(t time.Time, length time.Duration) (start, end time.Time) {
	start = t.UTC().Truncate(length)
	return start, start.Add(length)
}
