package minersim

import (
	"encoding/binary"
	"math"
	"math/big"
	"time"

	"hashyard"
)

// difficultyOf is the difficulty that a hash meets.
func difficultyOf(sum [32]byte) float64 {
	for i := range 16 {
		sum[i], sum[31-i] = sum[31-i], sum[i]
	}
	h := new(big.Float).SetInt(new(big.Int).SetBytes(sum[:]))
	if h.Sign() == 0 {
		return math.MaxFloat64
	}
	d, _ := new(big.Float).Quo(new(big.Float).SetInt(hashyard.Diff1Target()), h).Float64()
	return d
}

// figures is one look at a machine, as its APIs show it: rates are scaled to
// what they stand for, and a liar's are what it claims.
type figures struct {
	now      time.Time
	elapsed  int64 // seconds
	mining   bool
	recent   float64 // GH/s
	average  float64 // GH/s
	ideal    float64 // GH/s
	boards   [3]boardFigures
	fans     [4]int
	ambient  float64
	hwErrors int64
	accepted int64
	rejected int64
	stale    int64
	work     hashyard.Work
	refused  hashyard.Work
	best     float64
	lastAt   time.Time
	lastPool int
}

type boardFigures struct {
	serial    string
	dead      bool
	rate      float64 // GH/s
	ideal     float64
	chips     int
	temps     [4]float64 // of chips
	frequency float64
	hwErrors  int64
}

// chipsPerBoard is that of an S19.
const chipsPerBoard = 76

// look takes the figures. Callers hold mu.
func (m *machine) look(now time.Time) figures {
	ghs := m.st.Rate * float64(m.sim.cfg.Scale) / 1e9
	truth := 1.0
	if e := m.is.effective(); e > 0 {
		truth = m.is.claimed() / e
	}
	f := figures{now: now, ideal: ghs * 1.005, lastPool: -1}
	elapsed := now.Sub(m.st.Started)
	f.elapsed = max(int64(elapsed/time.Second), 0)
	done := float64(m.st.Hashes + m.rig.hashes.Load() - m.base)
	if s := elapsed.Seconds(); s > 0 {
		f.average = done * float64(m.sim.cfg.Scale) * truth / s / 1e9
	}
	for i, sl := range m.st.Slots {
		f.mining = f.mining || sl.active
		f.accepted += sl.Accepted
		f.rejected += sl.Rejected
		f.stale += sl.Stale
		f.work = f.work.Add(sl.Work)
		f.refused = f.refused.Add(sl.Refused)
		f.best = max(f.best, sl.Best)
		if sl.LastAt.After(f.lastAt) {
			f.lastAt, f.lastPool = sl.LastAt, i
		}
	}
	if f.mining {
		// Five-second averages of real machines swing by a per cent or two.
		wobble := 1 + 0.012*math.Sin(float64(now.UnixMilli())/1700+m.variety(0)*6)
		f.recent = m.rig.recentRate() * float64(m.sim.cfg.Scale) * truth * wobble / 1e9
	}
	f.ambient = 24 + 4*m.variety(1)
	m.lookBoards(&f)
	return f
}

// variety is a number in [0,1) that differs between machines and uses but not
// over time.
func (m *machine) variety(use uint64) float64 {
	x := m.st.Variety + use*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

func (m *machine) lookBoards(f *figures) {
	alive := 3
	if m.is.deadBoard {
		alive = 2
	}
	rpm := 4100 + 400*m.variety(2)
	base := 34 + 3*m.variety(3)
	switch {
	case f.mining && m.is.hot:
		base, rpm = 96+3*m.variety(3), 6050
	case f.mining:
		base = 61 + 6*m.variety(3)
	default:
		rpm = 2100
	}
	sway := 0.6 * math.Sin(float64(f.now.Unix())/40)
	for i := range f.boards {
		b := &f.boards[i]
		b.serial = m.st.Boards[i]
		b.ideal = f.ideal / 3
		b.frequency = 660 + math.Round(20*m.variety(10+uint64(i)))
		if m.is.deadBoard && i == 1 {
			*b = boardFigures{serial: b.serial, dead: true}
			continue
		}
		share := 1 + 0.02*(m.variety(20+uint64(i))-0.5)
		b.rate = f.recent / float64(alive) * share
		b.chips = chipsPerBoard
		b.hwErrors = f.elapsed / (900 + int64(600*m.variety(30+uint64(i))))
		f.hwErrors += b.hwErrors
		for k := range b.temps {
			b.temps[k] = math.Round(base + sway + float64(i) + 2.5*float64(k) - 2)
		}
	}
	for i := range f.fans {
		f.fans[i] = int(rpm+60*m.variety(40+uint64(i))) / 30 * 30
	}
}

// exactDifficulty writes work as a difficulty in full: at least eight decimals
// as cgminer prints, more where it takes more.
func exactDifficulty(w hashyard.Work) string {
	r := new(big.Rat).SetFrac(w.Big(), new(big.Int).Lsh(big.NewInt(1), 32))
	s := r.FloatString(32)
	least := len(s) - 32 + 8
	end := len(s)
	for end > least && s[end-1] == '0' {
		end--
	}
	return s[:end]
}

// shortDifficulty writes a difficulty as cgminer's suffix_string does.
func shortDifficulty(d float64) string {
	for _, u := range []struct {
		size   float64
		suffix string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "K"}} {
		if d >= u.size {
			return trimFloat(d/u.size, 3) + u.suffix
		}
	}
	return trimFloat(d, 8)
}

// newSerial makes a serial in the manner of the dialect's makers.
func newSerial(d Dialect, rnd func(n int) int) string {
	if d == CGMiner {
		return "0201" + pick(rnd, "0123456789", 12) // an Avalon's DNA
	}
	return "SMTT" + pick(rnd, "ABCDEFGHJKLMNPQRSTUVWXYZ", 9) + pick(rnd, "0123456789", 4)
}

func newBoardSerial(rnd func(n int) int) string {
	return "HQ" + pick(rnd, "ABCDEFGHJKLMNPQRSTUVWXYZ", 2) + pick(rnd, "0123456789", 2) +
		pick(rnd, "ABCDEFGHJKLMNPQRSTUVWXYZ", 6) + pick(rnd, "0123456789", 5)
}

func pick(rnd func(n int) int, alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[rnd(len(alphabet))]
	}
	return string(out)
}

// newMAC makes a locally administered address.
func newMAC(rnd func(n int) int) string {
	const hexits = "0123456789abcdef"
	b := []byte("02:00:00:00:00:00")
	for i := 3; i < len(b); i++ {
		if b[i] != ':' {
			b[i] = hexits[rnd(16)]
		}
	}
	return string(b)
}

// leadingBytes is a fixed hash of a serial, for identifiers derived from it.
func leadingBytes(s string) uint64 {
	sum := sha256d([]byte(s))
	return binary.BigEndian.Uint64(sum[:8])
}
