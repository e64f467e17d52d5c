package signer

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/psbt/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
)

// Config says where the key lies and what it may do.
type Config struct {
	Dir     string
	Network *chaincfg.Params // address forms
	Limits  Limits
	Now     func() time.Time
}

// Signer holds the key.
type Signer struct {
	cfg    Config
	key    *btcec.PrivateKey
	script []byte // our P2WPKH output script
	info   Info

	mu  sync.Mutex // guards log: one decision at a time
	log *journal
}

// Networks are the networks a signer may be made for, by name. The local
// chain uses regtest's address forms.
func Networks() map[string]*chaincfg.Params {
	return map[string]*chaincfg.Params{
		"main": &chaincfg.MainNetParams, "test": &chaincfg.TestNet3Params,
		"signet": &chaincfg.SigNetParams, "regtest": &chaincfg.RegressionNetParams,
	}
}

// New opens the folder; the first time it makes the key.
func New(cfg Config) (*Signer, error) {
	if err := cfg.Limits.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("signer folder: %w", err)
	}
	raw, err := once(filepath.Join(cfg.Dir, "key"), func() ([]byte, error) {
		k, err := btcec.NewPrivateKey()
		if err != nil {
			return nil, err
		}
		return []byte(hex.EncodeToString(k.Serialize())), nil
	})
	if err != nil {
		return nil, fmt.Errorf("signer key: %w", err)
	}
	secret, err := hex.DecodeString(string(raw))
	if err != nil || len(secret) != 32 {
		return nil, hashyard.Invalid.Errorf("signer key in %s is damaged; restore it from its backup", cfg.Dir)
	}
	s := &Signer{cfg: cfg}
	var pub *btcec.PublicKey
	s.key, pub = btcec.PrivKeyFromBytes(secret)
	addr, err := address.NewAddressWitnessPubKeyHash(address.Hash160(pub.SerializeCompressed()), cfg.Network)
	if err != nil {
		return nil, fmt.Errorf("signer address: %w", err)
	}
	if s.script, err = txscript.PayToAddrScript(addr); err != nil {
		return nil, fmt.Errorf("signer script: %w", err)
	}
	s.info = Info{
		Address: addr.EncodeAddress(), Script: hex.EncodeToString(s.script),
		PubKey: hex.EncodeToString(pub.SerializeCompressed()), Network: cfg.Network.Name, Limits: cfg.Limits,
	}
	s.log, err = openJournal(cfg.Dir)
	return s, err
}

// Close closes the journal.
func (s *Signer) Close() error { return s.log.f.Close() }

// Info describes the key.
func (s *Signer) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.info
	info.Frozen = s.log.freeze.Frozen
	return info
}

// Freeze makes it sign nothing from now on, also after a restart, or sign
// again. What was signed before is still told.
func (s *Signer) Freeze(f Freeze) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.log.usable(); err != nil {
		return err
	}
	if s.log.freeze == f {
		return nil
	}
	return s.log.add(entry{At: s.cfg.Now().UTC(), Freeze: &f})
}

// payTo is the output script of an address of our network.
func (s *Signer) payTo(text string) ([]byte, error) {
	a, err := address.DecodeAddress(text, s.cfg.Network)
	if err != nil || !a.IsForNet(s.cfg.Network) {
		return nil, hashyard.Invalid.Errorf("address %.100q is none of network %s", text, s.cfg.Network.Name)
	}
	script, err := txscript.PayToAddrScript(a)
	if err != nil || !Payable(script) {
		return nil, hashyard.Invalid.Errorf("address %.100q is of a kind that is not paid to", text)
	}
	return script, nil
}

// Enrol allows an address for an organisation, and none it had before: what was
// drafted to that one is refused from now on. Again is no change.
func (s *Signer) Enrol(e Enrolment) error {
	if e.Org.IsZero() {
		return hashyard.Invalid.Errorf("enrol: no organisation")
	}
	script, err := s.payTo(e.Address)
	if err != nil {
		return err
	}
	if bytes.Equal(script, s.script) {
		return hashyard.Invalid.Errorf("enrol: %s is the treasury itself", e.Address)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.log.usable(); err != nil {
		return err
	}
	if s.log.allowed[e.Org] == e.Address {
		return nil
	}
	err = s.log.add(entry{At: s.cfg.Now().UTC(), Enrol: &e})
	hashyard.Hit(hashyard.AtSignerEnrolled)
	return err
}

// Sign checks a request against everything this process knows, and signs.
// The same payout gets the same bytes again, whatever was enrolled since.
func (s *Signer) Sign(r Request) (Signed, error) {
	pkt, err := s.decode(r)
	if err != nil {
		return Signed{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.log.usable(); err != nil {
		return Signed{}, err
	}
	before, txid := s.log.signed[r.Payout], pkt.UnsignedTx.TxHash().String()
	if i := slices.IndexFunc(before, func(b signed) bool { return b.TxID == txid }); i >= 0 {
		return before[i].again(r)
	}
	if f := s.log.freeze; f.Frozen {
		// Not refused for good: it waits until the switch is turned back.
		return Signed{}, hashyard.Exhausted.Errorf("the signer is frozen: %s", f.Reason)
	}
	if err := s.check(r, pkt); err != nil {
		return Signed{}, err
	}
	now := s.cfg.Now().UTC()
	rec := signed{Payout: r.Payout, Org: r.Org, Address: r.Address, Amount: r.Amount, Fee: r.Fee, Inputs: outpoints(pkt.UnsignedTx)}
	for _, b := range before {
		if err := rec.replaces(b); err != nil {
			return Signed{}, err
		}
	}
	if done, more := s.log.days[day(now)], s.log.adds(rec); done+more > s.cfg.Limits.PerDay {
		return Signed{}, hashyard.Exhausted.Errorf("payout %s takes %d sat with its fee, more than is left of the day: %d of %d sat are signed; it waits for tomorrow (UTC)", r.Payout, more, done, s.cfg.Limits.PerDay)
	}
	if rec.Signed, err = s.sign(pkt); err != nil {
		return Signed{}, err
	}
	hashyard.Hit(hashyard.AtSignerDecided)
	if err := s.log.add(entry{At: now, Signed: &rec}); err != nil {
		return Signed{}, err
	}
	hashyard.Hit(hashyard.AtSignerKept)
	return rec.Signed, nil
}

func (s *Signer) decode(r Request) (*psbt.Packet, error) {
	pkt, err := psbt.NewFromRawBytes(strings.NewReader(r.PSBT), true)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("payout %s: not a PSBT: %w", r.Payout, err)
	}
	if len(pkt.UnsignedTx.TxIn) == 0 || len(pkt.Inputs) != len(pkt.UnsignedTx.TxIn) {
		return nil, hashyard.Invalid.Errorf("payout %s: PSBT without inputs", r.Payout)
	}
	return pkt, nil
}

// check holds the packet against the request, the allow-list and the limits.
func (s *Signer) check(r Request, pkt *psbt.Packet) error {
	switch enrolled, ok := s.log.allowed[r.Org]; {
	case !ok:
		return hashyard.Denied.Errorf("payout %s: organisation %s never enrolled an address", r.Payout, r.Org)
	case enrolled != r.Address:
		return hashyard.Denied.Errorf("payout %s: address %.100q is not the one that organisation %s enrolled", r.Payout, r.Address, r.Org)
	}
	if r.Payout.IsZero() || r.Amount <= 0 || r.Amount > s.cfg.Limits.PerPayout {
		return hashyard.Denied.Errorf("payout %s: %d sat is outside 1 … %d", r.Payout, r.Amount, s.cfg.Limits.PerPayout)
	}
	if r.Fee <= 0 || r.Fee > s.cfg.Limits.MaxFee {
		return hashyard.Denied.Errorf("payout %s: fee of %d sat is outside 1 … %d", r.Payout, r.Fee, s.cfg.Limits.MaxFee)
	}
	in, err := s.inputs(r, pkt)
	if err != nil {
		return err
	}
	out, err := s.outputs(r, pkt.UnsignedTx.TxOut)
	if err != nil {
		return err
	}
	if hashyard.Sats(in-out) != r.Fee {
		return hashyard.Denied.Errorf("payout %s: inputs of %d less outputs of %d sat are not the fee of %d", r.Payout, in, out, r.Fee)
	}
	return nil
}

// inputs sums what is spent; a wrong amount would void the signature (BIP143).
func (s *Signer) inputs(r Request, pkt *psbt.Packet) (sum int64, err error) {
	seen := map[wire.OutPoint]bool{}
	for i, in := range pkt.UnsignedTx.TxIn {
		u := pkt.Inputs[i].WitnessUtxo
		if u == nil || !bytes.Equal(u.PkScript, s.script) {
			return 0, hashyard.Denied.Errorf("payout %s: input %d is not the treasury's", r.Payout, i)
		}
		if seen[in.PreviousOutPoint] || u.Value <= 0 || u.Value > btcutil.MaxSatoshi {
			return 0, hashyard.Denied.Errorf("payout %s: input %d is repeated or of impossible value", r.Payout, i)
		}
		seen[in.PreviousOutPoint] = true
		sum += u.Value
	}
	return sum, nil
}

// outputs allows the payout once and our change at most once.
func (s *Signer) outputs(r Request, outs []*wire.TxOut) (sum int64, err error) {
	want, err := s.payTo(r.Address)
	if err != nil {
		return 0, err
	}
	if least := Dust(want); r.Amount < least {
		return 0, hashyard.Denied.Errorf("payout %s: %d sat are below the dust of %d sat of %.100q, no node would relay them", r.Payout, r.Amount, least, r.Address)
	}
	var paid, change int
	for i, o := range outs {
		switch {
		case bytes.Equal(o.PkScript, want) && o.Value == int64(r.Amount):
			paid++
		case bytes.Equal(o.PkScript, s.script) && o.Value >= int64(Dust(s.script)):
			change++
		default:
			return 0, hashyard.Denied.Errorf("payout %s: output %d (%d sat to script %x) is neither the payout nor our change above dust", r.Payout, i, o.Value, o.PkScript)
		}
		sum += o.Value
	}
	if paid != 1 || change > 1 {
		return 0, hashyard.Denied.Errorf("payout %s: %d payout and %d change outputs, want one and at most one", r.Payout, paid, change)
	}
	return sum, nil
}

func outpoints(tx *wire.MsgTx) []string {
	out := make([]string, len(tx.TxIn))
	for i, in := range tx.TxIn {
		out[i] = in.PreviousOutPoint.String()
	}
	return out
}

// again gives the bytes that were signed, to whoever asks for the same payment.
func (b signed) again(r Request) (Signed, error) {
	// Journals of old have no fees.
	if !b.same(r.Org, r.Address, r.Amount) || (b.Fee != 0 && b.Fee != r.Fee) {
		return Signed{}, b.other()
	}
	return b.Signed, nil
}

func (b signed) same(org hashyard.ID, address string, amount hashyard.Sats) bool {
	return b.Org == org && b.Address == address && b.Amount == amount
}

func (b signed) other() error {
	return hashyard.Denied.Errorf("payout %s was signed before for %d sat to %s", b.Payout, b.Amount, b.Address)
}

// replaces allows another transaction for a payout only where at most one of
// the two can confirm: both spend a common coin, to the same end. It must hold
// against every earlier one, for any of them may be the one that confirms.
func (n signed) replaces(b signed) error {
	if !b.same(n.Org, n.Address, n.Amount) {
		return b.other()
	}
	if !slices.ContainsFunc(n.Inputs, func(i string) bool { return slices.Contains(b.Inputs, i) }) {
		return hashyard.Denied.Errorf("payout %s was signed before as %s, and the new transaction shares no coin with it", b.Payout, b.TxID)
	}
	return nil
}

// sign signs every input and proves the result with the script engine.
func (s *Signer) sign(pkt *psbt.Packet) (Signed, error) {
	tx := pkt.UnsignedTx.Copy()
	prev := txscript.NewMultiPrevOutFetcher(nil)
	for i, in := range tx.TxIn {
		prev.AddPrevOut(in.PreviousOutPoint, pkt.Inputs[i].WitnessUtxo)
	}
	hashes := txscript.NewTxSigHashes(tx, prev)
	for i := range tx.TxIn {
		w, err := txscript.WitnessSignature(tx, hashes, i, pkt.Inputs[i].WitnessUtxo.Value, s.script, txscript.SigHashAll, s.key, true)
		if err != nil {
			return Signed{}, fmt.Errorf("sign input %d: %w", i, err)
		}
		tx.TxIn[i].Witness = w
	}
	for i := range tx.TxIn {
		vm, err := txscript.NewEngine(s.script, tx, i, txscript.StandardVerifyFlags, nil, hashes, pkt.Inputs[i].WitnessUtxo.Value, prev)
		if err = errors.Join(err, execute(vm)); err != nil {
			return Signed{}, fmt.Errorf("signature of input %d does not verify: %w", i, err)
		}
	}
	var buf bytes.Buffer
	if err := tx.Serialize(&buf); err != nil {
		return Signed{}, fmt.Errorf("serialise: %w", err)
	}
	return Signed{TxID: tx.TxHash().String(), Tx: hex.EncodeToString(buf.Bytes())}, nil
}

func execute(vm *txscript.Engine) error {
	if vm == nil {
		return nil
	}
	return vm.Execute()
}
