package world

import (
	"strconv"
	"time"

	"hashyard"
)

// Settings are the ordinary settings that the local world sets short, so that
// a thread that takes weeks elsewhere takes minutes here. On `serve` they have
// their own, long defaults; the world hands these over as environment.
type Settings struct {
	SettlementPeriod time.Duration `default:"1m" help:"How long a settlement period is; it begins at multiples of itself, UTC."`
	PayoutThreshold  int64         `default:"300" help:"Earnings in satoshis from which a payout is made."`
	Confirmations    int           `default:"2" help:"Confirmations after which a payout is final."`
	ProofShares      float64       `default:"1200" help:"Shares a minute asked of a machine under proof."`
	Shares           float64       `default:"20" help:"Shares a minute asked of any other machine."`
	MeasureEvery     time.Duration `default:"5s" help:"How often work under proof is measured."`
	ChainBits        string        `default:"1d3ba6fe" help:"Network difficulty of a new chain, as compact bits in hex; a known world keeps its own."`
	RestartWait      time.Duration `default:"5s" hidden:"" help:"Most of the pause before a process that ended is started again."`
}

// Check refuses what cannot be meant, by the name of its flag.
func (s Settings) Check() error {
	for _, f := range []struct {
		flag string
		ok   bool
	}{
		{"settlement-period", s.SettlementPeriod >= time.Second},
		{"payout-threshold", s.PayoutThreshold > 0},
		{"confirmations", s.Confirmations > 0},
		{"proof-shares", s.ProofShares > 0},
		{"shares", s.Shares > 0},
		{"measure-every", s.MeasureEvery > 0},
	} {
		if !f.ok {
			return hashyard.Invalid.Errorf("--%s must be above zero (a settlement period at least a second)", f.flag)
		}
	}
	if bits, err := strconv.ParseUint(s.ChainBits, 16, 32); err != nil || bits == 0 {
		return hashyard.Invalid.Errorf("--chain-bits %q is not compact bits in hex, like 1d3ba6fe", s.ChainBits)
	}
	return nil
}

// env is the settings as `serve` reads them.
func (s Settings) env() []string {
	return []string{
		"HASHYARD_SETTLEMENT_PERIOD=" + s.SettlementPeriod.String(),
		"HASHYARD_PAYOUT_THRESHOLD=" + strconv.FormatInt(s.PayoutThreshold, 10),
		"HASHYARD_CONFIRMATIONS=" + strconv.Itoa(s.Confirmations),
		"HASHYARD_PROOF_SHARES=" + strconv.FormatFloat(s.ProofShares, 'g', -1, 64),
		"HASHYARD_SHARES=" + strconv.FormatFloat(s.Shares, 'g', -1, 64),
		"HASHYARD_MEASURE_EVERY=" + s.MeasureEvery.String(),
		"HASHYARD_DEVCHAIN_BITS=" + s.ChainBits,
	}
}
