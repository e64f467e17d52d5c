package signer

import (
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/psbt/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func limits() Limits { return Limits{PerPayout: 10_000, PerDay: 15_000, MaxFee: 1_000} }

func open(t *testing.T, dir string, now *time.Time) *Signer {
	t.Helper()
	s, err := New(Config{Dir: dir, Network: &chaincfg.RegressionNetParams, Limits: limits(), Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// addr is a foreign P2WPKH address.
func addr(t *testing.T, n byte) string {
	t.Helper()
	a, err := address.NewAddressWitnessPubKeyHash([]byte(strings.Repeat(string(rune('a'+n)), 20)), &chaincfg.RegressionNetParams)
	if err != nil {
		t.Fatal(err)
	}
	return a.EncodeAddress()
}

// draft is an unsigned payout: coin n of 20,000 sat, the payout, the change.
func (s *Signer) draft(t *testing.T, r Request, coin byte, edit func(*wire.MsgTx, *psbt.Packet)) Request {
	t.Helper()
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: chainhash.Hash{coin}, Index: 0}, nil, nil))
	to, err := s.payTo(r.Address)
	if err != nil {
		t.Fatal(err)
	}
	tx.AddTxOut(wire.NewTxOut(int64(r.Amount), to))
	tx.AddTxOut(wire.NewTxOut(20_000-int64(r.Amount)-int64(r.Fee), s.script))
	if edit != nil {
		edit(tx, nil)
	}
	pkt, err := psbt.NewFromUnsignedTx(tx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range pkt.Inputs {
		pkt.Inputs[i].WitnessUtxo = wire.NewTxOut(20_000, s.script)
	}
	if edit != nil {
		edit(tx, pkt)
	}
	if r.PSBT, err = pkt.B64Encode(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSignsOnlyWhatWasEnrolled(t *testing.T) {
	t.Parallel()
	now := noon
	s := open(t, t.TempDir(), &now)
	org, good, bad := hashyard.NewID(), addr(t, 0), addr(t, 1)
	if err := s.Enrol(Enrolment{Org: org, Address: good}); err != nil {
		t.Fatal(err)
	}
	req := Request{Payout: hashyard.NewID(), Org: org, Address: good, Amount: 5_000, Fee: 200}
	foreign, err := s.payTo(bad)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		r    Request
		edit func(*wire.MsgTx, *psbt.Packet)
	}{
		{"address never enrolled", with(req, func(r *Request) { r.Address = bad }), nil},
		{"address of another organisation", with(req, func(r *Request) { r.Org = hashyard.NewID() }), nil},
		{"above the limit", with(req, func(r *Request) { r.Amount = 10_001 }), nil},
		{"fee above the ceiling", with(req, func(r *Request) { r.Fee = 1_001 }), nil},
		{"fee not what was said", req, func(tx *wire.MsgTx, p *psbt.Packet) {
			if p == nil {
				tx.TxOut[1].Value -= 5
			}
		}},
		{"dust", with(req, func(r *Request) { r.Amount = 293 }), nil},
		{"change below dust", req, func(tx *wire.MsgTx, p *psbt.Packet) {
			if p == nil {
				tx.TxOut[1].Value = 293
				return
			}
			p.Inputs[0].WitnessUtxo.Value = 5_000 + 200 + 293
		}},
		{"output to somebody else", req, func(tx *wire.MsgTx, p *psbt.Packet) {
			if p == nil {
				tx.TxOut[0].PkScript = foreign
			}
		}},
		{"third output", req, func(tx *wire.MsgTx, p *psbt.Packet) {
			if p == nil {
				tx.TxOut[1].Value -= 700
				tx.AddTxOut(wire.NewTxOut(700, foreign))
			}
		}},
		{"change to somebody else", req, func(tx *wire.MsgTx, p *psbt.Packet) {
			if p == nil {
				tx.TxOut[1].PkScript = foreign
			}
		}},
		{"coin that is not ours", req, func(_ *wire.MsgTx, p *psbt.Packet) {
			if p != nil {
				p.Inputs[0].WitnessUtxo.PkScript = foreign
			}
		}},
		{"coin without its value", req, func(_ *wire.MsgTx, p *psbt.Packet) {
			if p != nil {
				p.Inputs[0].WitnessUtxo = nil
			}
		}},
	} {
		if got, err := s.Sign(s.draft(t, tt.r, 1, tt.edit)); !errors.Is(err, hashyard.Denied) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	if _, err := s.Sign(with(req, func(r *Request) { r.PSBT = "cHNidP8=" })); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("broken packet: %v", err)
	}
	if out, err := s.Sign(s.draft(t, req, 1, nil)); err != nil || out.TxID == "" {
		t.Fatalf("the good one: %+v, %v", out, err)
	}
}

// addCoin adds another coin of 20,000 sat to a draft, back to us but for the fee.
func (s *Signer) addCoin(coin byte) func(*wire.MsgTx, *psbt.Packet) {
	return func(tx *wire.MsgTx, p *psbt.Packet) {
		if p == nil {
			tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: chainhash.Hash{coin}, Index: 0}, nil, nil))
			tx.TxOut[1].Value += 20_000
		}
	}
}

func with(r Request, edit func(*Request)) Request {
	edit(&r)
	return r
}

func TestAPayoutLeavesOnceAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	now, dir := noon, t.TempDir()
	s := open(t, dir, &now)
	org, to := hashyard.NewID(), addr(t, 0)
	if err := s.Enrol(Enrolment{Org: org, Address: to}); err != nil {
		t.Fatal(err)
	}
	req := s.draft(t, Request{Payout: hashyard.NewID(), Org: org, Address: to, Amount: 5_000, Fee: 200}, 1, nil)
	first, err := s.Sign(req)
	if err != nil {
		t.Fatal(err)
	}
	info := s.Info()
	s.Close()

	s = open(t, dir, &now)
	if s.Info() != info {
		t.Fatalf("another key after the restart: %+v", s.Info())
	}
	if again, err := s.Sign(req); err != nil || again != first {
		t.Fatalf("again: %+v, %v", again, err)
	}
	other := s.draft(t, req, 2, nil)
	if _, err := s.Sign(other); !errors.Is(err, hashyard.Denied) {
		t.Fatalf("another transaction without a common coin: %v", err)
	}
	bump := s.draft(t, with(req, func(r *Request) { r.Fee = 400 }), 1, nil)
	if out, err := s.Sign(bump); err != nil || out.TxID == first.TxID {
		t.Fatalf("replacement that shares the coin: %+v, %v", out, err)
	}
}

func TestTheDayHasALimit(t *testing.T) {
	t.Parallel()
	now := noon
	s := open(t, t.TempDir(), &now)
	org, to := hashyard.NewID(), addr(t, 0)
	if err := s.Enrol(Enrolment{Org: org, Address: to}); err != nil {
		t.Fatal(err)
	}
	pay := func(coin byte) error {
		_, err := s.Sign(s.draft(t, Request{Payout: hashyard.NewID(), Org: org, Address: to, Amount: 8_000, Fee: 100}, coin, nil))
		return err
	}
	if err := pay(1); err != nil {
		t.Fatal(err)
	}
	if err := pay(2); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("16,000 of 15,000 sat: %v", err)
	}
	now = now.Add(12 * time.Hour)
	if err := pay(3); err != nil {
		t.Fatalf("next day: %v", err)
	}
}

func TestATornLastLineNeverHappened(t *testing.T) {
	t.Parallel()
	now, dir := noon, t.TempDir()
	s := open(t, dir, &now)
	a, b := Enrolment{hashyard.NewID(), addr(t, 0)}, Enrolment{hashyard.NewID(), addr(t, 1)}
	if err := errors.Join(s.Enrol(a), s.Enrol(b), s.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "journal.jsonl")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw[:len(raw)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, &now)
	if len(s.log.allowed) != 1 || s.log.allowed[a.Org] != a.Address {
		t.Fatalf("allowed %v", s.log.allowed)
	}
	if err := s.Enrol(b); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s = open(t, dir, &now); len(s.log.allowed) != 2 {
		t.Fatalf("allowed %v", s.log.allowed)
	}
}

func TestOverHTTP(t *testing.T) {
	t.Parallel()
	now := noon
	s := open(t, t.TempDir(), &now)
	srv := httptest.NewServer(Handler(s, "hush", slog.New(slog.NewTextHandler(io.Discard, nil))))
	c, ctx := NewClient(srv.URL, "hush"), t.Context()
	if info, err := c.Info(ctx); err != nil || info != s.Info() {
		t.Fatalf("%+v, %v", info, err)
	}
	org := hashyard.NewID()
	if err := c.Enrol(ctx, Enrolment{org, addr(t, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := c.Enrol(ctx, Enrolment{org, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("mainnet address: %v", err)
	}
	if err := c.Enrol(ctx, Enrolment{org, s.Info().Address}); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("our own address: %v", err)
	}
	req := s.draft(t, Request{Payout: hashyard.NewID(), Org: org, Address: addr(t, 0), Amount: 1_000, Fee: 100}, 1, nil)
	if out, err := c.Sign(ctx, req); err != nil || out.Tx == "" {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := c.Sign(ctx, with(req, func(r *Request) { r.Address = addr(t, 2) })); !errors.Is(err, hashyard.Denied) {
		t.Fatalf("altered address: %v", err)
	}
	if _, err := NewClient(srv.URL, "guess").Info(ctx); !errors.Is(err, hashyard.Unauthenticated) {
		t.Fatalf("wrong secret: %v", err)
	}
	srv.Close()
	if _, err := c.Sign(ctx, req); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("signer gone: %v", err)
	}
}

func FuzzSign(f *testing.F) {
	f.Add("cHNidP8BAHECAAAAAQ==", int64(1), int64(1))
	f.Fuzz(func(t *testing.T, packet string, amount, fee int64) {
		now := noon
		s := open(t, t.TempDir(), &now)
		org, to := hashyard.NewID(), addr(t, 0)
		if err := s.Enrol(Enrolment{org, to}); err != nil {
			t.Fatal(err)
		}
		r := Request{Payout: hashyard.NewID(), Org: org, Address: to, Amount: hashyard.Sats(amount), Fee: hashyard.Sats(fee), PSBT: packet}
		if out, err := s.Sign(r); err == nil && (r.Amount <= 0 || r.Fee > limits().MaxFee || out.Tx == "") {
			t.Fatalf("signed %+v", r)
		}
	})
}
