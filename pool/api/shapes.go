package api

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/fpps"
)

// PoolInfo are the pool's terms, which anybody may know.
type PoolInfo struct {
	StratumURL       string         `json:"stratum_url"`
	Network          string         `json:"network"`
	WorkScale        hashyard.Scale `json:"work_scale" doc:"Hashes that one real hash stands for on screens; 1 on real networks."`
	SettlementPeriod string         `json:"settlement_period" doc:"Like 24h0m0s. Periods begin at multiples of it since year one, UTC."`
	SettlementMS     int64          `json:"settlement_period_ms"`
	GraceMS          int64          `json:"grace_ms" doc:"After a period, how long shares of its jobs are still taken."`
	FeePPM           int64          `json:"fee_ppm"`
	FeeMethod        string         `json:"fee_method" doc:"Of accounts without terms of their own. sma/1: mean fees of the last fee_window blocks that end at fee_tip_hash; sma-trim3/1: without the three highest and lowest; day/1 and day-trim3/1: of the UTC day's blocks."`
	FeeWindow        int64          `json:"fee_window"`
	Difficulty       float64        `json:"difficulty" doc:"Of the network."`
	Hashprice        float64        `json:"hashprice" doc:"Satoshis per displayed TH/s and day, before the pool's fee."`
	Epoch            *Epoch         `json:"epoch,omitempty" doc:"The rate now; absent before the first job."`
}

// Epoch is a rate with every input: work × net_target × (subsidy_sats +
// fee_sum_sats ÷ fee_count) ÷ (diff1 × 2^32), less fee_ppm.
type Epoch struct {
	ID          hashyard.ID   `json:"epoch"`
	PeriodStart time.Time     `json:"period_start"`
	PeriodEnd   time.Time     `json:"period_end"`
	NBits       string        `json:"nbits" doc:"Compact target of the jobs' headers, eight hex digits."`
	NetTarget   string        `json:"net_target" doc:"The same expanded, 64 hex digits."`
	Difficulty  float64       `json:"difficulty"`
	SubsidySats hashyard.Sats `json:"subsidy_sats"`
	FeeFrom     time.Time     `json:"fee_from" doc:"When the fee index was read; within the period it is read anew."`
	FeeMethod   string        `json:"fee_method"`
	FeeWindow   int64         `json:"fee_window"`
	FeeSumSats  hashyard.Sats `json:"fee_sum_sats"`
	FeeCount    int64         `json:"fee_count" doc:"Blocks in the sum; fewer than fee_window on a young chain. 0 means no fees."`
	SubsidySum  hashyard.Sats `json:"subsidy_sum_sats,omitempty" doc:"Of a day's index: fees are paid as subsidy_sats × fee_sum_sats ÷ subsidy_sum_sats."`
	FeeTipHash  string        `json:"fee_tip_hash" doc:"The last block of the sum, as explorers show it."`
	Height      int64         `json:"height" doc:"Of the block that the first job builds."`
	FeePPM      int64         `json:"fee_ppm" doc:"The pool's fee."`
}

func epochOf(e pool.Epoch) Epoch {
	difficulty, _ := fpps.Difficulty(e.NBits).Float64()
	return Epoch{
		ID: e.ID, PeriodStart: e.Start, PeriodEnd: e.End,
		NBits: fmt.Sprintf("%08x", e.NBits), NetTarget: fmt.Sprintf("%064x", fpps.Target(e.NBits)), Difficulty: difficulty,
		SubsidySats: e.Subsidy, FeeFrom: e.FeeFrom, FeeMethod: string(e.FeeMethod), FeeWindow: e.FeeWindow, FeeSumSats: e.FeeSum, FeeCount: e.FeeN, SubsidySum: e.SubsidySum,
		FeeTipHash: pool.ShowHash(e.FeeTip), Height: e.Height, FeePPM: e.FeePPM,
	}
}

func infoOf(p pool.Params) *PoolInfo {
	out := &PoolInfo{
		StratumURL: p.URL, Network: p.Network, WorkScale: p.Scale,
		SettlementPeriod: p.SettlementPeriod.String(), SettlementMS: p.SettlementPeriod.Milliseconds(), GraceMS: p.Grace.Milliseconds(),
		FeePPM: p.FeePPM, FeeMethod: string(p.FeeMethod), FeeWindow: p.FeeWindow, Difficulty: p.Difficulty, Hashprice: p.Hashprice,
	}
	if !p.Epoch.ID.IsZero() {
		e := epochOf(p.Epoch)
		out.Epoch = &e
	}
	return out
}

// Rates is a measured hashrate in displayed TH/s with its 95 % interval.
type Rates struct {
	THs      float64  `json:"ths"`
	LowerTHs float64  `json:"lower_ths"`
	UpperTHs *float64 `json:"upper_ths,omitempty" doc:"Absent when there is nothing to judge by."`
}

func ratesOf(r pool.Rate) Rates {
	out := Rates{THs: float64(r.Estimate / hashyard.TH), LowerTHs: float64(r.Lower / hashyard.TH)}
	if u := float64(r.Upper / hashyard.TH); !math.IsInf(u, 0) && !math.IsNaN(u) {
		out.UpperTHs = &u
	}
	return out
}

// Counts is booked work.
type Counts struct {
	Work     hashyard.Work    `json:"work" doc:"Exact sum of assigned difficulties in units of 2^-32, a decimal integer."`
	Shares   int64            `json:"shares"`
	Rejected int64            `json:"rejected"`
	Rejects  map[string]int64 `json:"rejects" doc:"Refused submits by Stratum code."`
}

func countsOf(t pool.Tally) Counts {
	c := Counts{Work: t.Work, Shares: t.Shares, Rejected: t.Rejected(), Rejects: map[string]int64{}}
	for i, n := range t.Rejects {
		if n > 0 {
			c.Rejects[strconv.Itoa(20+i)] = n
		}
	}
	return c
}

// Worker is a name that mines.
type Worker struct {
	ID               hashyard.ID `json:"id"`
	User             string      `json:"user" doc:"The Stratum username."`
	Name             string      `json:"name"`
	UnitID           hashyard.ID `json:"unit_id,omitzero" doc:"The machine whose secret is the password; absent for a plain worker."`
	CreatedAt        time.Time   `json:"created_at"`
	RetiredAt        time.Time   `json:"retired_at,omitzero" doc:"Since then its machine works for somebody else."`
	LastShare        time.Time   `json:"last_share_at,omitzero"`
	State            string      `json:"state" enum:"new,online,slow,silent,retired"`
	StateSince       time.Time   `json:"state_since,omitzero"`
	ReferenceTHs     float64     `json:"reference_ths,omitempty" doc:"What the last hour is compared with, in displayed TH/s."`
	ReferenceKind    string      `json:"reference_kind,omitempty" enum:"nominal,own_day" doc:"What the machine is sold with, or its own last day."`
	SecretGeneration int         `json:"secret_generation,omitempty" doc:"Of the machine's secret; say it to rotate it."`
	OldSecretUntil   time.Time   `json:"old_secret_until,omitzero" doc:"Until then the secret before is good, too."`
	Rates                        // of the last five minutes
	Counts
	Hour           WindowRates `json:"hour"`
	Day            WindowRates `json:"day" doc:"From a whole hour on."`
	Sessions       int         `json:"sessions" doc:"Live connections."`
	WireDifficulty float64     `json:"wire_difficulty,omitempty" doc:"The largest that a live session has."`
	Agent          string      `json:"agent,omitempty" doc:"What the machine calls its software."`
}

func workerOf(v pool.WorkerView) Worker {
	w := Worker{
		ID: v.ID, User: v.User(), Name: v.Name, UnitID: v.Unit, CreatedAt: v.Created, RetiredAt: v.Retired,
		State: string(v.State), StateSince: v.Since, ReferenceTHs: float64(v.Reference.Rate / hashyard.TH), ReferenceKind: v.Reference.Kind,
		LastShare: v.LastShare, Rates: ratesOf(v.Five.Rate), Counts: countsOf(v.Five.Tally),
		Hour: windowOf(v.Hour), Day: windowOf(v.Day),
	}
	switch {
	case !v.Retired.IsZero():
		w.State, w.StateSince = string(pool.Retired), v.Retired
	case v.State == "":
		w.State = string(pool.WorkerNew)
	}
	if !v.Unit.IsZero() {
		w.SecretGeneration = v.Generation
		if v.OldUntil.After(v.Created) {
			w.OldSecretUntil = v.OldUntil
		}
	}
	return w
}

// BookedWork is what a worker did in an epoch.
type BookedWork struct {
	Epoch
	WorkerID  hashyard.ID `json:"worker_id"`
	User      string      `json:"user"`
	UnitID    hashyard.ID `json:"unit_id,omitzero"`
	Settled   bool        `json:"settled" doc:"The period is on a statement."`
	LastShare time.Time   `json:"last_share_at,omitzero"`
	Counts
}

func bookedOf(w pool.EpochWork) BookedWork {
	return BookedWork{
		Epoch: epochOf(w.Epoch), WorkerID: w.Worker.ID, User: w.Worker.User(), UnitID: w.Worker.Unit,
		Settled: w.Settled, LastShare: w.Last, Counts: countsOf(w.Tally),
	}
}

// SeriesPoint is one step of a machine's measured hashrate.
type SeriesPoint struct {
	At       time.Time     `json:"at"`
	Seconds  float64       `json:"seconds" doc:"Length of the step; shorter at the present end."`
	Work     hashyard.Work `json:"work"`
	Shares   int64         `json:"shares"`
	Rejected int64         `json:"rejected"`
	Rates
}

func pointOf(p pool.Point) SeriesPoint {
	return SeriesPoint{At: p.At, Seconds: p.For.Seconds(), Work: p.Work, Shares: p.Shares, Rejected: p.Rejected, Rates: ratesOf(p.Rate)}
}

// Session is a live connection.
type Session struct {
	ID             hashyard.ID         `json:"id"`
	WorkerID       hashyard.ID         `json:"worker_id"`
	UnitID         hashyard.ID         `json:"unit_id,omitzero"`
	User           string              `json:"user"`
	Agent          string              `json:"agent"`
	HWID           string              `json:"hw_id,omitempty" doc:"What the machine said of its hardware."`
	HWVersion      string              `json:"hw_version,omitempty"`
	SWVersion      string              `json:"sw_version,omitempty"`
	Remote         string              `json:"remote"`
	OpenedAt       time.Time           `json:"opened_at"`
	LastShare      time.Time           `json:"last_share_at,omitzero"`
	Difficulty     hashyard.Difficulty `json:"difficulty" doc:"In units of 2^-32."`
	WireDifficulty float64             `json:"wire_difficulty"`
	PerMinute      float64             `json:"per_minute" doc:"Wanted shares a minute."`
	Secret         bool                `json:"secret" doc:"The session knew the machine's secret."`
	Proof          bool                `json:"proof" doc:"The machine is under proof."`
	Accepted       int64               `json:"accepted"`
	Rejected       int64               `json:"rejected"`
	Work           hashyard.Work       `json:"work"`
}

func sessionOf(s pool.Session) Session {
	return Session{
		ID: s.ID, WorkerID: s.Worker, UnitID: s.Unit, User: s.User, Agent: s.Agent, Remote: s.Remote,
		HWID: s.Device.HWID, HWVersion: s.Device.HWVersion, SWVersion: s.Device.SWVersion,
		OpenedAt: s.Opened, LastShare: s.LastShare, Difficulty: s.Difficulty, WireDifficulty: s.Difficulty.Wire(),
		PerMinute: s.PerMinute, Secret: s.Secret, Proof: s.Proof, Accepted: s.Accepted, Rejected: s.Refused, Work: s.Work,
	}
}

// Block is a block that one of our miners found.
type Block struct {
	Hash          string        `json:"hash"`
	PrevHash      string        `json:"prev_hash"`
	Height        int64         `json:"height"`
	ValueSats     hashyard.Sats `json:"value_sats" doc:"Subsidy and fees."`
	FoundAt       time.Time     `json:"found_at"`
	State         string        `json:"state" enum:"found,rejected,accepted,orphaned,confirmed"`
	Verdict       string        `json:"verdict,omitempty" doc:"The node's word when it did not take the block."`
	Confirmations int64         `json:"confirmations"`
	WorkerID      hashyard.ID   `json:"worker_id,omitzero" doc:"The finder, for its own organisation."`
	UnitID        hashyard.ID   `json:"unit_id,omitzero"`
}

func blockOf(b pool.Block) Block {
	return Block{
		Hash: pool.ShowHash(b.Hash), PrevHash: pool.ShowHash(b.Prev), Height: b.Height, ValueSats: b.Value, FoundAt: b.Found,
		State: string(b.State), Verdict: b.Verdict, Confirmations: b.Confirmations, WorkerID: b.Worker, UnitID: b.Unit,
	}
}
