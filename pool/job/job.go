// Package job turns a node's template into what miners work on, and what
// miners send back into a judged header and, when it is one, a block. It is
// pure: no clock, no I/O. A *Job is immutable once New returned it, so any
// number of goroutines may verify against it at once.
//
// Byte order: every [32]byte hash here is in internal order, the order in
// which SHA256d gives it and blocks store it; explorers show it reversed.
// Targets are big-endian numbers, as hashyard.Difficulty.Target makes them.
package job

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"strconv"
	"time"

	"hashyard"
)

// Sizes of the two extranonces in bytes. Four tell ten thousands of live
// sessions apart; eight is the most that old firmware can send back and what
// rentals want.
const (
	Extranonce1Size = 4
	Extranonce2Size = 8
)

// MarkSize is the size of a Mark, SaltSize of its secret part.
const (
	SaltSize = 8
	MarkSize = 8 + SaltSize
)

// RollMask is what BIP320 gives miners to roll; our jobs have zeros there, so
// that every way in which firmware combines the bits gives the same version.
const RollMask uint32 = 0x1fffe000

// MaxFutureSeconds is how far ahead of the pool's clock consensus lets a
// block's time be.
const MaxFutureSeconds = 7200

// variantBits is the low part of a job id: renumbered forms of the same job,
// so that a session can be moved to a new difficulty without waiting for a
// new job, and no id is ever sent twice.
const variantBits = 8

// MaxVariant is the highest variant of a job.
const MaxVariant = 1<<variantBits - 1

// MaxSeq is the highest job number: with its variant it fits 16 hex digits.
const MaxSeq = 1<<(64-variantBits) - 1

// Template is what a node says the next block may contain.
type Template struct {
	Version  uint32
	PrevHash [32]byte
	Height   int64
	NBits    uint32
	CurTime  int64 // Unix seconds
	MinTime  int64 // least allowed block time, MTP+1
	Value    hashyard.Sats
	// Txs are the raw transactions after the coinbase, TxIDs theirs without
	// witness, in the same order.
	Txs   [][]byte
	TxIDs [][32]byte
	// WitnessCommitment is the output script, nil when the block needs none.
	WitnessCommitment []byte
}

// Params is what the pool adds to a template.
type Params struct {
	Seq    uint64      // numbers jobs, rising over restarts
	Epoch  hashyard.ID // rate epoch that prices the job's shares
	Script []byte      // pays the whole reward
	Tag    string      // in the coinbase, e.g. "/hashyard/"
	Clean  bool        // a new tip: older work is worthless
	// NTime is the block time offered first; MinTime when lower.
	NTime int64
	// RefuseAfter is when shares become stale whatever the tip; zero means never.
	RefuseAfter time.Time
}

// Job is a header with holes: what a notify announces.
type Job struct {
	Seq         uint64
	Epoch       hashyard.ID
	Height      int64
	PrevHash    [32]byte
	Version     uint32 // bits of RollMask are zero
	NBits       uint32
	NTime       uint32
	MinTime     uint32
	Clean       bool
	RefuseAfter time.Time
	Coinb1      []byte // before the mark and the extranonces
	Coinb2      []byte // after them
	Branches    [][32]byte
	Value       hashyard.Sats
	NetTarget   [32]byte // what a block must meet

	commit bool // the coinbase carries a witness
	txs    [][]byte
	// The parts of a notify that all sessions get alike: between id and mark,
	// between mark and block time.
	front, back []byte
}

// New makes a job. It fails when the template or the parameters cannot give a
// minable block.
func New(t Template, p Params) (*Job, error) {
	if p.Seq == 0 || p.Seq > MaxSeq {
		return nil, hashyard.Invalid.Errorf("job: number %d is outside 1 … 2^56-1", p.Seq)
	}
	if len(t.Txs) != len(t.TxIDs) {
		return nil, hashyard.Invalid.Errorf("job: template has %d transactions and %d ids", len(t.Txs), len(t.TxIDs))
	}
	target, err := TargetFromBits(t.NBits)
	if err != nil {
		return nil, err
	}
	c1, c2, err := coinbase(t, p)
	if err != nil {
		return nil, err
	}
	ntime := max(p.NTime, t.MinTime)
	if t.MinTime < 0 || ntime > 1<<32-1 {
		return nil, hashyard.Invalid.Errorf("job: block time %d is outside 32 bits", ntime)
	}
	j := &Job{
		Seq: p.Seq, Epoch: p.Epoch, Height: t.Height, PrevHash: t.PrevHash,
		Version: t.Version &^ RollMask, NBits: t.NBits, NTime: uint32(ntime), MinTime: uint32(t.MinTime),
		Clean: p.Clean, RefuseAfter: p.RefuseAfter,
		Coinb1: c1, Coinb2: c2, Branches: Branches(t.TxIDs), Value: t.Value,
		NetTarget: target, commit: len(t.WitnessCommitment) > 0, txs: t.Txs,
	}
	j.encodeShared()
	return j, nil
}

// Mark is what one notify to one session has of its own in the coinbase: the
// whole wire id, then a salt that nobody outside can foretell.
//
// The id gives every variant its own headers: a hash counts under one id, so
// at one difficulty. The salt keeps a miner from working on an id before it
// is sent: otherwise it could look at the hashes first and bring about the
// difficulty at which they pay most afterwards.
type Mark [MarkSize]byte

// Mark makes the mark of variant v.
func (j *Job) Mark(v uint8, salt [SaltSize]byte) (m Mark) {
	binary.BigEndian.PutUint64(m[:], j.ID(v))
	copy(m[MarkSize-SaltSize:], salt[:])
	return m
}

func (m *Mark) id() uint64 { return binary.BigEndian.Uint64(m[:]) }

// ID is the job's name on the wire in variant v: at most 16 lower-case hex
// digits, which every known firmware keeps.
func (j *Job) ID(v uint8) uint64 { return j.Seq<<variantBits | uint64(v) }

// SplitID gives the job number and the variant of a wire id.
func SplitID(id uint64) (seq uint64, variant uint8) { return id >> variantBits, uint8(id) }

// ParseID reads a job id as we wrote it and nothing else: no zeros in front,
// no upper case.
func ParseID(s []byte) (id uint64, ok bool) {
	if len(s) == 0 || len(s) > 16 || s[0] == '0' {
		return 0, false
	}
	for _, c := range s {
		d := lowerDigit(c)
		if d > 15 {
			return 0, false
		}
		id = id<<4 | uint64(d)
	}
	return id, true
}

// Ended reports whether the job's settlement period, with its grace, is over.
func (j *Job) Ended(now time.Time) bool { return !j.RefuseAfter.IsZero() && now.After(j.RefuseAfter) }

// AppendNotify encodes mining.notify of the mark's variant at the end of b.
// restart asks for the form that drops older work.
func (j *Job) AppendNotify(b []byte, m Mark, restart bool) []byte {
	return j.encodeNotify(b, &m, j.NTime, j.Clean || restart)
}

// AppendVariant encodes a later notify of the same job for one session, with
// the time of now, if that is later.
func (j *Job) AppendVariant(b []byte, m Mark, now time.Time) []byte {
	_, v := SplitID(m.id())
	ntime := max(j.NTime+uint32(v), uint32(min(now.Unix(), 1<<32-1)))
	return j.encodeNotify(b, &m, ntime, false)
}

func (j *Job) encodeNotify(b []byte, m *Mark, ntime uint32, clean bool) []byte {
	b = append(b, `{"id":null,"method":"mining.notify","params":["`...)
	b = strconv.AppendUint(b, m.id(), 16)
	b = append(b, j.front...)
	b = hex.AppendEncode(b, m[:])
	b = append(b, j.back...)
	b = appendWord(b, ntime)
	b = append(b, `",`...)
	b = strconv.AppendBool(b, clean)
	return append(b, "]}\n"...)
}

// encodeShared prepares what all notifies of the job have in common: most of
// their bytes, so that a new job costs a session little more than a copy.
func (j *Job) encodeShared() {
	prev := swapWords(j.PrevHash)
	b := append(make([]byte, 0, 80+2*len(j.Coinb1)), `","`...)
	b = hex.AppendEncode(b, prev[:])
	b = append(b, `","`...)
	j.front = hex.AppendEncode(b, j.Coinb1)

	b = make([]byte, 0, 64+2*len(j.Coinb2)+67*len(j.Branches))
	b = append(b, `","`...)
	b = hex.AppendEncode(b, j.Coinb2)
	b = append(b, `",[`...)
	for i := range j.Branches {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = hex.AppendEncode(b, j.Branches[i][:])
		b = append(b, '"')
	}
	b = append(b, `],"`...)
	b = appendWord(b, j.Version)
	b = append(b, `","`...)
	b = appendWord(b, j.NBits)
	j.back = append(b, `","`...)
}

func appendWord(b []byte, w uint32) []byte {
	var word [4]byte
	binary.BigEndian.PutUint32(word[:], w)
	return hex.AppendEncode(b, word[:])
}

// swapWords reverses the bytes inside each 4-byte word: Stratum's order for
// the previous hash, and back.
func swapWords(h [32]byte) [32]byte {
	for i := 0; i < 32; i += 4 {
		binary.BigEndian.PutUint32(h[i:], bits.ReverseBytes32(binary.BigEndian.Uint32(h[i:])))
	}
	return h
}
