package journey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"hashyard"
)

func doubleSHA(b []byte) [32]byte {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

// header builds the 80 bytes for an extranonce2; the nonce is left zero.
func (j *wireJob) header(en1, en2 []byte) []byte {
	root := doubleSHA(bytes.Join([][]byte{j.coinb1, en1, en2, j.coinb2}, nil))
	for _, b := range j.branch {
		root = doubleSHA(append(root[:], b...))
	}
	h := make([]byte, 80)
	binary.LittleEndian.PutUint32(h, j.version)
	copy(h[4:], j.prev)
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], j.ntime)
	binary.LittleEndian.PutUint32(h[72:], j.bits)
	return h
}

// targetOf is the largest hash that meets a difficulty, big-endian.
func targetOf(d hashyard.Difficulty) [32]byte { return d.Target() }

// netTarget expands compact bits: mantissa × 256^(exponent-3).
func netTarget(bits uint32) *big.Int {
	t := big.NewInt(int64(bits & 0x007fffff))
	if shift := 8 * (int(bits>>24) - 3); shift < 0 {
		t.Rsh(t, uint(-shift))
	} else {
		t.Lsh(t, uint(shift))
	}
	return t
}

// meets compares a header hash, a little-endian number, with a target.
func meets(sum, target *[32]byte) bool {
	for i := range 32 {
		switch h, t := sum[31-i], target[i]; {
		case h < t:
			return true
		case h > t:
			return false
		}
	}
	return true
}

// batch is how many hashes are done between two looks at the wire.
const batch = 1 << 16

// scan hashes one batch of a job, nonces from nonce on, for a hash that meets
// the target.
func (m *wireMiner) scan(j *wireJob, target *[32]byte) (share, bool) {
	m.en2++
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], m.en2)
	en2 := raw[8-m.en2Size:]
	h := j.header(m.en1, en2)
	for nonce := range uint32(batch) {
		binary.LittleEndian.PutUint32(h[76:], nonce)
		if sum := doubleSHA(h); meets(&sum, target) {
			return share{job: j, en2: hex.EncodeToString(en2), nonce: nonce, hash: sum}, true
		}
	}
	return share{}, false
}

// solve looks for a share of the newest job, at its own difficulty. found is
// false when the job is on another tip than the given one; nil takes any.
func (m *wireMiner) solve(ctx context.Context, tip []byte) (s share, found bool, err error) {
	for ctx.Err() == nil {
		if err := m.poll(ctx); err != nil {
			return s, false, err
		}
		if tip != nil && !bytes.Equal(m.job.prev, tip) {
			return s, false, nil
		}
		target := targetOf(m.job.diff)
		if s, found = m.scan(m.job, &target); found {
			return s, true, nil
		}
	}
	return s, false, ctx.Err()
}

// solveFor looks for a share of one job, however old.
func (m *wireMiner) solveFor(ctx context.Context, j *wireJob) (share, error) {
	target := targetOf(j.diff)
	for ctx.Err() == nil {
		if s, ok := m.scan(j, &target); ok {
			return s, nil
		}
	}
	return share{}, ctx.Err()
}

// tooEasy is a hash of the newest job that is far above any target.
func (m *wireMiner) tooEasy() share {
	m.en2++
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], m.en2)
	en2 := raw[8-m.en2Size:]
	h := m.job.header(m.en1, en2)
	s := share{job: m.job, en2: hex.EncodeToString(en2)}
	for {
		binary.LittleEndian.PutUint32(h[76:], s.nonce)
		if s.hash = doubleSHA(h); s.hash[31] != 0 {
			return s
		}
		s.nonce++
	}
}

// stale is the code of shares that a new tip or the end of a period overtook.
const stale = 21

// earn mines and submits until n shares are accepted; the last one is
// returned.
func (m *wireMiner) earn(ctx context.Context, n int) (share, error) {
	for {
		s, _, err := m.solve(ctx, nil)
		if err != nil {
			return s, err
		}
		ok, err := m.accept(ctx, s)
		if err != nil {
			return s, err
		}
		if ok {
			n--
		}
		if n <= 0 {
			return s, nil
		}
	}
}

// accept submits a good share; one that a new tip overtook is none.
func (m *wireMiner) accept(ctx context.Context, s share) (bool, error) {
	r, err := m.submit(ctx, s)
	if err == nil && !r.ok && r.code != stale {
		err = fmt.Errorf("a good share was refused: %d %s", r.code, r.text)
	}
	return r.ok, err
}

// nextTip mines, submitting every share on the way, until there is work on
// another tip, by whoever's block.
func (m *wireMiner) nextTip(ctx context.Context) error {
	tip := m.job.prev
	for {
		s, found, err := m.solve(ctx, tip)
		if err != nil || !found {
			return err
		}
		if _, err := m.accept(ctx, s); err != nil {
			return err
		}
	}
}

// submit sends a solution and waits for the answer; an accepted one is counted
// at the difficulty of its job.
func (m *wireMiner) submit(ctx context.Context, s share) (reply, error) {
	id, err := m.write("mining.submit", []any{m.user, s.job.id, s.en2, fmt.Sprintf("%08x", s.job.ntime), fmt.Sprintf("%08x", s.nonce)})
	if err != nil {
		return reply{}, err
	}
	for {
		if r, ok := m.replies[id]; ok {
			delete(m.replies, id)
			if r.ok {
				m.accepted[s.job.id] = m.accepted[s.job.id].Add(hashyard.WorkOf(s.job.diff))
				m.shares++
			}
			return r, nil
		}
		if err := m.read(ctx); err != nil {
			return reply{}, fmt.Errorf("waiting for the answer to a share: %w", err)
		}
	}
}

// total is all work answered true.
func (m *wireMiner) total() hashyard.Work {
	var w hashyard.Work
	for _, v := range m.accepted {
		w = w.Add(v)
	}
	return w
}

// rate is what prices work: a settlement period and the network's target.
type rate struct {
	start int64 // Unix seconds
	nbits string
}

// byRate sums the accepted work by the period of its jobs' time and by their
// bits, both as they came over the wire. Forms of one job, whose numbers
// differ in the last byte only, belong to one period, that of the earliest.
func (m *wireMiner) byRate(period time.Duration) map[rate]hashyard.Work {
	first := map[string]uint32{}
	for id, j := range m.jobs {
		seq := id[:max(len(id)-2, 0)]
		if t, ok := first[seq]; !ok || j.ntime < t {
			first[seq] = j.ntime
		}
	}
	out := map[rate]hashyard.Work{}
	for id, w := range m.accepted {
		j := m.jobs[id]
		at := time.Unix(int64(first[id[:max(len(id)-2, 0)]]), 0).UTC()
		k := rate{at.Truncate(period).Unix(), fmt.Sprintf("%08x", j.bits)}
		out[k] = out[k].Add(w)
	}
	return out
}
