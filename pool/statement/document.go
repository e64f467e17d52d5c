// Package statement owns the form of a signed statement and of the receipts in
// it, and how anybody checks both without us: it needs the file alone. Its
// arithmetic is its own, not the one that the pool pays by, so that a mistake in
// either shows.
//
// A file is a statement, the blocks that its fee indexes were read from, and a
// signature over the statement's compact JSON.
package statement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"hashyard"
)

// Format is the version of all that is written here.
const Format = "hashyard statement 1"

// Statement is what an account's work of a period earned, with every input.
// Amounts named exact are fractions of satoshis, "numerator/denominator".
type Statement struct {
	Format      string        `json:"format"`
	ID          hashyard.ID   `json:"id"`
	Account     hashyard.ID   `json:"account_id"`
	Org         hashyard.ID   `json:"org_id"`
	Network     string        `json:"network"`
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
	SettledAt   time.Time     `json:"settled_at"`
	Rates       []Rate        `json:"rates" nullable:"false"`
	Workers     []Worker      `json:"workers" nullable:"false" doc:"In the order of their ids, which is that of the receipts' tree."`
	Work        hashyard.Work `json:"work"`
	Shares      int64         `json:"shares"`
	GrossExact  string        `json:"gross_exact"`
	NetExact    string        `json:"net_exact"`
	GrossSats   hashyard.Sats `json:"gross_sats"`
	FeeSats     hashyard.Sats `json:"fee_sats"`
	NetSats     hashyard.Sats `json:"net_sats"`
	ResidueSats hashyard.Sats `json:"residue_sats" doc:"Of the whole period, on one statement of it; not part of the net amount."`
	ReceiptRoot string        `json:"receipt_root,omitempty" doc:"Over all workers' receipts; absent on statements of before there were receipts."`
}

// Rate is what work earns: work × target(nbits) × reward ÷ (2^32 × 0xffff·2^208)
// less fee_ppm, where reward is subsidy_sats + fee_sum_sats ÷ fee_count, or with
// subsidy_sum_sats, subsidy_sats × (1 + fee_sum_sats ÷ subsidy_sum_sats).
type Rate struct {
	ID             hashyard.ID   `json:"id"`
	PeriodStart    time.Time     `json:"period_start"`
	PeriodEnd      time.Time     `json:"period_end"`
	NBits          string        `json:"nbits" doc:"Eight hex digits."`
	SubsidySats    hashyard.Sats `json:"subsidy_sats"`
	FeeMethod      string        `json:"fee_method"`
	FeeWindow      int64         `json:"fee_window"`
	FeeTipHash     string        `json:"fee_tip_hash" doc:"Where the index is read back from, as explorers show it."`
	FeeSumSats     hashyard.Sats `json:"fee_sum_sats"`
	FeeCount       int64         `json:"fee_count"`
	SubsidySumSats hashyard.Sats `json:"subsidy_sum_sats,omitempty"`
	FeePPM         int64         `json:"fee_ppm"`
}

// Worker is one worker's part.
type Worker struct {
	ID       hashyard.ID   `json:"id"`
	User     string        `json:"user"`
	Unit     hashyard.ID   `json:"unit_id,omitzero"`
	Work     hashyard.Work `json:"work"`
	Shares   int64         `json:"shares"`
	NetExact string        `json:"net_exact"`
	Lines    []Line        `json:"lines" nullable:"false"`
	Receipt  Receipt       `json:"receipt,omitzero"`
}

// Line is a worker's work at one rate.
type Line struct {
	Rate       hashyard.ID   `json:"rate"`
	Work       hashyard.Work `json:"work"`
	Shares     int64         `json:"shares"`
	GrossExact string        `json:"gross_exact"`
	NetExact   string        `json:"net_exact"`
}

// Block is what a fee index reads of a block; hashes as explorers show them.
type Block struct {
	Hash        string        `json:"hash"`
	Prev        string        `json:"prev_hash"`
	Height      int64         `json:"height"`
	NBits       string        `json:"nbits"`
	Time        time.Time     `json:"time"`
	SubsidySats hashyard.Sats `json:"subsidy_sats"`
	FeesSats    hashyard.Sats `json:"fees_sats"`
}

// Signature is the house's.
type Signature struct {
	Algorithm string `json:"algorithm" enum:"ed25519"`
	PublicKey string `json:"public_key" doc:"64 hex digits."`
	Value     string `json:"value" doc:"128 hex digits, over \"hashyard statement 1\\n\" and the statement's compact JSON."`
}

// File is a statement on its way to whoever checks it.
type File struct {
	Statement json.RawMessage `json:"statement"`
	Blocks    []Block         `json:"blocks" nullable:"false" doc:"All that the fee indexes were read from. Their sums are signed."`
	Signature Signature       `json:"signature"`
}

// signed are the bytes that a signature is over: white space around the JSON's
// tokens does not matter.
func signed(body []byte) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(Format + "\n")
	if err := json.Compact(&b, body); err != nil {
		return nil, hashyard.Invalid.Errorf("statement is not JSON: %w", err)
	}
	return b.Bytes(), nil
}

// Body is the statement as it is kept and signed.
func (s Statement) Body() ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", s.ID, err)
	}
	return b, nil
}

// Sign signs a body.
func Sign(key ed25519.PrivateKey, body []byte) ([]byte, error) {
	b, err := signed(body)
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(key, b), nil
}

// SignatureOf writes a signature down.
func SignatureOf(public ed25519.PublicKey, value []byte) Signature {
	return Signature{Algorithm: "ed25519", PublicKey: hex.EncodeToString(public), Value: hex.EncodeToString(value)}
}

// Seal fills in the root over the workers' receipts.
func (s *Statement) Seal() error {
	var t Tree
	for _, w := range s.Workers {
		if w.Receipt.Minutes == 0 {
			continue
		}
		l, err := w.leaf()
		if err != nil {
			return fmt.Errorf("worker %s: %w", w.ID, err)
		}
		t.Add(l)
	}
	if t.Len() > 0 {
		r := t.Root()
		s.ReceiptRoot = hex.EncodeToString(r[:])
	}
	return nil
}

// Proof shows that a worker's minutes are in a statement.
type Proof struct {
	Format      string      `json:"format"`
	StatementID hashyard.ID `json:"statement_id"`
	WorkerID    hashyard.ID `json:"worker_id"`
	Minutes     []Minute    `json:"minutes" nullable:"false"`
	Index       int         `json:"index" doc:"The worker's place among the workers with receipts."`
	Size        int         `json:"size"`
	Path        []string    `json:"path" nullable:"false" doc:"Siblings from the worker's leaf up."`
	ReceiptRoot string      `json:"receipt_root"`
}

// Prove makes the proof of a worker from its minutes.
func (s Statement) Prove(worker hashyard.ID, minutes []Minute) (Proof, error) {
	out := Proof{Format: Format, StatementID: s.ID, WorkerID: worker, Minutes: minutes, Index: -1, Path: []string{}, ReceiptRoot: s.ReceiptRoot}
	var leaves []Hash
	for _, w := range s.Workers {
		if w.Receipt.Minutes == 0 {
			continue
		}
		l, err := w.leaf()
		if err != nil {
			return out, fmt.Errorf("worker %s: %w", w.ID, err)
		}
		if w.ID == worker {
			out.Index = len(leaves)
		}
		leaves = append(leaves, l)
	}
	if out.Index < 0 {
		return out, hashyard.NotFound.Errorf("worker %s has no receipt in statement %s", worker, s.ID)
	}
	out.Size = len(leaves)
	for _, h := range Path(leaves, out.Index) {
		out.Path = append(out.Path, hex.EncodeToString(h[:]))
	}
	return out, nil
}

func parseHash(s string) (h Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		return h, hashyard.Invalid.Errorf("%.80q is not 64 hex digits", s)
	}
	return Hash(b), nil
}
