package job

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"time"

	"hashyard"
)

// wired is a Job as it travels to an edge: what it cannot compute by itself.
type wired struct {
	Seq            uint64
	Epoch          hashyard.ID
	Height         int64
	PrevHash       [32]byte
	Version        uint32
	NBits          uint32
	NTime          uint32
	MinTime        uint32
	Clean          bool
	RefuseAfter    time.Time
	Coinb1, Coinb2 []byte
	Branches       [][32]byte
	Value          hashyard.Sats
	Commit         bool
	Txs            [][]byte
}

// Encode writes the whole job, with its transactions: whoever decodes it can
// verify shares and assemble blocks as we can.
func (j *Job) Encode() ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(wired{
		Seq: j.Seq, Epoch: j.Epoch, Height: j.Height, PrevHash: j.PrevHash, Version: j.Version, NBits: j.NBits,
		NTime: j.NTime, MinTime: j.MinTime, Clean: j.Clean, RefuseAfter: j.RefuseAfter, Coinb1: j.Coinb1, Coinb2: j.Coinb2,
		Branches: j.Branches, Value: j.Value, Commit: j.commit, Txs: j.txs,
	})
	if err != nil {
		return nil, fmt.Errorf("job %d: %w", j.Seq, err)
	}
	return b.Bytes(), nil
}

// maxBranches is the depth of the largest block's tree, with room to spare.
const maxBranches = 32

// Decode reads what Encode wrote. It refuses what could not be mined.
func Decode(b []byte) (*Job, error) {
	var w wired
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&w); err != nil {
		return nil, hashyard.Invalid.Errorf("job: %w", err)
	}
	target, err := TargetFromBits(w.NBits)
	if err != nil {
		return nil, err
	}
	switch {
	case w.Seq == 0 || w.Seq > MaxSeq:
		return nil, hashyard.Invalid.Errorf("job: number %d is outside 1 … 2^56-1", w.Seq)
	case len(w.Coinb1) < leastCoinbase || len(w.Coinb2) < leastCoinbase || len(w.Coinb1)+len(w.Coinb2)+holeSize > maxCoinbase:
		return nil, hashyard.Invalid.Errorf("job: coinbase parts of %d and %d bytes", len(w.Coinb1), len(w.Coinb2))
	case len(w.Branches) > maxBranches || w.Version&RollMask != 0:
		return nil, hashyard.Invalid.Errorf("job: %d branches, version %08x", len(w.Branches), w.Version)
	}
	j := &Job{
		Seq: w.Seq, Epoch: w.Epoch, Height: w.Height, PrevHash: w.PrevHash, Version: w.Version, NBits: w.NBits,
		NTime: w.NTime, MinTime: w.MinTime, Clean: w.Clean, RefuseAfter: w.RefuseAfter, Coinb1: w.Coinb1, Coinb2: w.Coinb2,
		Branches: w.Branches, Value: w.Value, NetTarget: target, commit: w.Commit, txs: w.Txs,
	}
	j.encodeShared()
	return j, nil
}

// maxCoinbase is far above what New makes.
const maxCoinbase = 16 << 10

// leastCoinbase is what each part surely has: a version, a lock time.
const leastCoinbase = 4
