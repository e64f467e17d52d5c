//go:build linux

package bench

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"sync/atomic"

	"hashyard/pool/stratum/stratumtest"
)

// miner is one client: what it was told, and what it waits for. Like firmware
// it takes in a job when it needs one, so that a job nobody works on costs the
// load nothing but its bytes.
type miner struct {
	fd     int
	user   string
	rest   []byte // the beginning of a line whose end has not come
	en1    []byte
	logins int          // answered requests of the handshake
	units  uint64       // of the difficulty in force, in 2^-32
	notify []byte       // the newest, not yet taken in
	job    *work        // taken in
	clean  int          // jobs that came as clean
	waits  []await      // submits without an answer, oldest first
	sent   uint32       // submits, which number them
	length atomic.Int64 // of the last notify, with its end
}

// await is a submit on its way.
type await struct {
	id    uint32
	at    int64  // when it should have been sent, ns
	units uint64 // what it is worth
}

// work is a job with everything but the nonce filled in.
type work struct {
	head   [80]byte
	target [32]byte // a share's hash, read as a little-endian number, is at most this
	units  uint64
	nonce  uint32
	line   []byte // a submit up to its id
	tail   []byte // after the nonce
}

// bits are the version bits that all clients roll.
const bits = 0x00c76000

// hello is the whole handshake: clients of an accelerator send it at once.
func hello(user string) []byte {
	return fmt.Appendf(nil, `{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}
{"id":2,"method":"mining.subscribe","params":["hashyard-bench/1.0"]}
{"id":3,"method":"mining.authorize","params":["%s","x"]}
`, user)
}

var errProtocol = errors.New("the server speaks another language")

// takeDifficulty reads a set_difficulty.
func (m *miner) takeDifficulty(line []byte) error {
	_, rest, ok := bytes.Cut(line, []byte(`"params":[`))
	end := bytes.IndexByte(rest, ']')
	if !ok || end < 0 {
		return fmt.Errorf("%w: %s", errProtocol, line)
	}
	d, err := strconv.ParseFloat(string(rest[:end]), 64)
	if err != nil || d <= 0 {
		return fmt.Errorf("%w: %s", errProtocol, line)
	}
	m.units = uint64(math.Round(d * (1 << 32)))
	return nil
}

// takeLogin reads an answer of the handshake.
func (m *miner) takeLogin(line []byte) error {
	if !bytes.Contains(line, []byte(`"error":null`)) {
		return fmt.Errorf("handshake refused: %s", line)
	}
	if bytes.Contains(line, []byte(`"id":2,`)) {
		// [[["mining.set_difficulty",…],…],"en1",8]
		at := bytes.LastIndex(line, []byte(`]],"`))
		if at < 0 || len(line) < at+12 {
			return fmt.Errorf("%w: %s", errProtocol, line)
		}
		var err error
		if m.en1, err = hex.DecodeString(string(line[at+4 : at+12])); err != nil {
			return fmt.Errorf("%w: %s", errProtocol, line)
		}
	}
	m.logins++
	return nil
}

// take makes work of the newest notify, if there is one.
func (m *miner) take(targets map[uint64][32]byte) error {
	if len(m.notify) == 0 {
		return nil
	}
	_, rest, ok := bytes.Cut(m.notify, []byte(`"params":[`))
	quoted := bytes.Split(rest, []byte{'"'})
	if !ok || len(quoted) < 15 {
		return fmt.Errorf("%w: %s", errProtocol, m.notify)
	}
	var fields [][]byte
	for i := 1; i < len(quoted); i += 2 {
		fields = append(fields, quoted[i])
	}
	n := len(fields)
	w := &work{units: m.units}
	if err := w.header(fields[1], fields[2], fields[3], fields[4:n-3], fields[n-3], fields[n-2], fields[n-1], m.en1); err != nil {
		return err
	}
	w.target, ok = targets[m.units]
	if !ok {
		w.target = leTarget(m.units)
		targets[m.units] = w.target
	}
	w.line = fmt.Appendf(nil, `{"params":["%s","%s","%016x","%s","`, m.user, fields[0], en2, fields[n-1])
	w.tail = fmt.Appendf(nil, `","%08x"],"method":"mining.submit","id":`, bits)
	m.job, m.notify = w, m.notify[:0]
	return nil
}

// en2 is every client's second extranonce: the first tells them apart.
const en2 = 1

// header fills in everything but the nonce, as a miner does: coinbase, merkle
// root, header. It shares no code with the server.
func (w *work) header(prev, c1, c2 []byte, branches [][]byte, version, nbits, ntime, en1 []byte) error {
	if len(prev) != 64 || len(version) != 8 || len(nbits) != 8 || len(ntime) != 8 {
		return fmt.Errorf("%w: header of %d, %d, %d and %d digits", errProtocol, len(version), len(prev), len(ntime), len(nbits))
	}
	coinbase := make([]byte, 0, 512)
	for _, part := range [][]byte{c1, hex.AppendEncode(nil, en1), fmt.Appendf(nil, "%016x", en2), c2} {
		var err error
		if coinbase, err = hex.AppendDecode(coinbase, part); err != nil {
			return fmt.Errorf("%w: coinbase: %w", errProtocol, err)
		}
	}
	root := sha256d(coinbase)
	var pair [64]byte
	for _, b := range branches {
		copy(pair[:], root[:])
		raw, err := hex.DecodeString(string(b))
		if err != nil || len(raw) != 32 {
			return fmt.Errorf("%w: branch %s", errProtocol, b)
		}
		copy(pair[32:], raw)
		root = sha256d(pair[:])
	}
	var words [11]uint32 // version, previous hash, time, bits
	for i, s := range [][]byte{version, prev, ntime, nbits} {
		at := [...]int{0, 1, 9, 10}[i]
		for k := 0; 8*k < len(s); k++ {
			n, err := strconv.ParseUint(string(s[8*k:8*k+8]), 16, 32)
			if err != nil {
				return fmt.Errorf("%w: header: %w", errProtocol, err)
			}
			words[at+k] = uint32(n)
		}
	}
	binary.LittleEndian.PutUint32(w.head[0:], words[0]|bits)
	for i := range 8 {
		binary.LittleEndian.PutUint32(w.head[4+4*i:], words[1+i])
	}
	copy(w.head[36:], root[:])
	binary.LittleEndian.PutUint32(w.head[68:], words[9])
	binary.LittleEndian.PutUint32(w.head[72:], words[10])
	return nil
}

// mine finds the next share.
func (w *work) mine() (nonce uint32) {
	for {
		w.nonce++
		binary.LittleEndian.PutUint32(w.head[76:], w.nonce)
		if h := sha256d(w.head[:]); meets(&h, &w.target) {
			return w.nonce
		}
	}
}

// submit appends the next share's line; a client of a server that does nothing
// has found its share already.
func (m *miner) submit(b []byte, mined bool, at int64) []byte {
	w := m.job
	nonce := w.nonce + 1
	if mined {
		nonce = w.mine()
	}
	w.nonce = nonce
	m.sent++
	m.waits = append(m.waits, await{id: m.sent + firstSubmit, at: at, units: w.units})
	b = append(b, w.line...)
	var word [4]byte
	binary.BigEndian.PutUint32(word[:], nonce)
	b = hex.AppendEncode(b, word[:])
	b = append(b, w.tail...)
	b = strconv.AppendUint(b, uint64(m.sent+firstSubmit), 10)
	return append(b, "}\n"...)
}

// firstSubmit keeps submits' numbers apart from the handshake's.
const firstSubmit = 9

// answered takes the submit off that was answered; a server that does nothing
// does not say which.
func (m *miner) answered(id uint32, inTurn bool) (await, bool) {
	for i, a := range m.waits {
		if a.id == id || inTurn {
			m.waits = append(m.waits[:i], m.waits[i+1:]...)
			return a, true
		}
	}
	return await{}, false
}

// leTarget is the largest hash of a difficulty of so many units: 0xffff·2^208
// over the difficulty, least byte first.
func leTarget(units uint64) (t [32]byte) {
	most := new(big.Int).Lsh(big.NewInt(1), 256)
	n := stratumtest.Target(float64(units) / (1 << 32))
	if n.Cmp(most) >= 0 {
		n = most.Sub(most, big.NewInt(1))
	}
	n.FillBytes(t[:])
	for i := range 16 {
		t[i], t[31-i] = t[31-i], t[i]
	}
	return t
}

func meets(h, target *[32]byte) bool {
	for i := 31; i >= 0; i-- {
		if h[i] != target[i] {
			return h[i] < target[i]
		}
	}
	return true
}

func sha256d(b []byte) [32]byte {
	once := sha256.Sum256(b)
	return sha256.Sum256(once[:])
}
