package journey

import (
	"time"

	"hashyard"
)

// poolView are the pool's public terms.
type poolView struct {
	StratumURL   string         `json:"stratum_url"`
	WorkScale    hashyard.Scale `json:"work_scale"`
	SettlementMS int64          `json:"settlement_period_ms"`
	GraceMS      int64          `json:"grace_ms"`
	FeePPM       int64          `json:"fee_ppm"`
	FeeMethod    string         `json:"fee_method"`
	FeeWindow    int64          `json:"fee_window"`
}

func (p poolView) period() time.Duration { return time.Duration(p.SettlementMS) * time.Millisecond }

// epochView is a rate with every input.
type epochView struct {
	ID          hashyard.ID   `json:"epoch"`
	PeriodStart time.Time     `json:"period_start"`
	PeriodEnd   time.Time     `json:"period_end"`
	NBits       string        `json:"nbits"`
	SubsidySats hashyard.Sats `json:"subsidy_sats"`
	FeeMethod   string        `json:"fee_method"`
	FeeWindow   int64         `json:"fee_window"`
	FeeSumSats  hashyard.Sats `json:"fee_sum_sats"`
	FeeCount    int64         `json:"fee_count"`
	FeeTipHash  string        `json:"fee_tip_hash"`
	FeePPM      int64         `json:"fee_ppm"`
}

func (e epochView) rate() rate { return rate{e.PeriodStart.Unix(), e.NBits} }

type bookedView struct {
	epochView
	Settled bool             `json:"settled"`
	Work    hashyard.Work    `json:"work"`
	Shares  int64            `json:"shares"`
	Rejects map[string]int64 `json:"rejects"`
}

type workerView struct {
	ID   hashyard.ID `json:"id"`
	User string      `json:"user"`
}

type sessionView struct {
	ID        hashyard.ID `json:"id"`
	User      string      `json:"user"`
	Agent     string      `json:"agent"`
	PerMinute float64     `json:"per_minute"`
	Secret    bool        `json:"secret"`
	Proof     bool        `json:"proof"`
}

type statementView struct {
	ID          hashyard.ID   `json:"id"`
	AccountID   hashyard.ID   `json:"account_id"`
	OrgID       hashyard.ID   `json:"org_id"`
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
	Work        hashyard.Work `json:"work"`
	GrossSats   hashyard.Sats `json:"gross_sats"`
	FeeSats     hashyard.Sats `json:"fee_sats"`
	NetSats     hashyard.Sats `json:"net_sats"`
	ResidueSats hashyard.Sats `json:"residue_sats"`
	Epochs      []epochView   `json:"epochs"`
	Workers     []struct {
		WorkerID hashyard.ID `json:"worker_id"`
		User     string      `json:"user"`
		Lines    []struct {
			Epoch hashyard.ID   `json:"epoch"`
			Work  hashyard.Work `json:"work"`
		} `json:"lines"`
	} `json:"workers"`
}

// epoch finds one of the statement's rates.
func (s statementView) epoch(id hashyard.ID) (epochView, bool) {
	for _, e := range s.Epochs {
		if e.ID == id {
			return e, true
		}
	}
	return epochView{}, false
}

type payoutView struct {
	ID            hashyard.ID   `json:"id"`
	State         string        `json:"state"`
	Address       string        `json:"address"`
	AmountSats    hashyard.Sats `json:"amount_sats"`
	FeeSats       hashyard.Sats `json:"fee_sats"`
	TxID          string        `json:"txid"`
	Confirmations int64         `json:"confirmations"`
	Needed        int64         `json:"confirmations_needed"`
	Reason        string        `json:"reason"`
}

type treasuryView struct {
	Address        string        `json:"address"`
	Height         int64         `json:"height"`
	Hash           string        `json:"hash"`
	SpendableSats  hashyard.Sats `json:"spendable_sats"`
	InFlightSats   hashyard.Sats `json:"in_flight_sats"`
	LedgerCoins    hashyard.Sats `json:"ledger_coins_sats"`
	LedgerInFlight hashyard.Sats `json:"ledger_in_flight_sats"`
}
