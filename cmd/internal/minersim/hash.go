package minersim

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"

	"hashyard"
)

// versionMask is what BIP320 lets a miner roll: bits 13-28.
const versionMask = 0x1fffe000

// versionRun is how many nonces a machine tries before it rolls the version.
const versionRun = 1 << 16

// job is one piece of work from a pool. It does not change once made.
type job struct {
	id         string
	prev       [32]byte // in header order
	coinb1     []byte
	coinb2     []byte
	branches   [][32]byte
	version    uint32
	nbits      uint32
	ntime      uint32
	extra1     []byte
	extra2Size int
	extra2     uint64 // where this job's own numbering begins
	mask       uint32 // version bits to roll; 0 rolls none
	difficulty hashyard.Difficulty
	owner      *session // that may submit it, while epoch is the session's
	epoch      int
}

// share is a header that met its job's target.
type share struct {
	job     *job
	extra2  []byte
	version uint32
	nonce   uint32
	hash    [32]byte // as hashed, little-endian number
}

// root is the merkle root for one extranonce 2, in header order.
func (j *job) root(extra2 []byte) [32]byte {
	coinbase := make([]byte, 0, len(j.coinb1)+len(j.extra1)+len(extra2)+len(j.coinb2))
	coinbase = append(coinbase, j.coinb1...)
	coinbase = append(coinbase, j.extra1...)
	coinbase = append(coinbase, extra2...)
	coinbase = append(coinbase, j.coinb2...)
	root := sha256d(coinbase)
	for _, b := range j.branches {
		root = sha256d(append(root[:], b[:]...))
	}
	return root
}

// header is the 80 bytes to hash.
func (j *job) header(extra2 []byte, version, nonce uint32) (h [80]byte) {
	root := j.root(extra2)
	binary.LittleEndian.PutUint32(h[0:], version)
	copy(h[4:], j.prev[:])
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], j.ntime)
	binary.LittleEndian.PutUint32(h[72:], j.nbits)
	binary.LittleEndian.PutUint32(h[76:], nonce)
	return h
}

func sha256d(b []byte) [32]byte {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

// digest is what crypto/sha256 gives: its raw state can be set and read, which
// skips the finalisation that a padded block has no need of.
type digest interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// stateAt is where the eight state words lie in crypto/sha256's encoding.
const stateAt = len("sha\x03")

// roller walks the search space of one job: nonces, then version bits, then
// extranonce 2. It belongs to the hashing thread.
type roller struct {
	job      *job
	target   [32]byte // big-endian
	target64 uint64   // its top 64 bits
	extra2   []byte
	count2   uint64
	rolls    uint32
	version  uint32
	nonce    uint32
	left     uint64 // nonces until the version rolls

	sha    digest
	mid    []byte   // state after the header's first 64 bytes
	block1 [64]byte // its last 16 bytes, padded
	block2 [64]byte // the first hash, padded
	state  []byte   // scratch
}

func newRoller(j *job) *roller {
	r := &roller{job: j, target: j.difficulty.Target(), sha: sha256.New().(digest), count2: j.extra2}
	r.target64 = binary.BigEndian.Uint64(r.target[:])
	r.block1[16], r.block2[32] = 0x80, 0x80
	binary.BigEndian.PutUint64(r.block1[56:], 80*8)
	binary.BigEndian.PutUint64(r.block2[56:], 32*8)
	r.state = make([]byte, 0, 128)
	r.setExtra2()
	return r
}

// setExtra2 begins a new coinbase.
func (r *roller) setExtra2() {
	var be [8]byte
	binary.BigEndian.PutUint64(be[:], r.count2)
	r.extra2 = make([]byte, r.job.extra2Size)
	n := min(8, r.job.extra2Size)
	copy(r.extra2[r.job.extra2Size-n:], be[8-n:])
	r.count2++
	r.rolls = 0
	r.setVersion()
}

// setVersion begins a new run of nonces under the next version.
func (r *roller) setVersion() {
	r.version = r.job.version&^r.job.mask | spread(r.rolls, r.job.mask)
	r.nonce, r.left = 0, 1<<32
	if r.job.mask != 0 {
		r.left = versionRun
	}
	h := r.job.header(r.extra2, r.version, 0)
	r.sha.Reset()
	r.sha.Write(h[:64])
	mid, err := r.sha.AppendBinary(r.mid[:0])
	if err != nil {
		panic(err) // crypto/sha256 never fails
	}
	r.mid = mid
	copy(r.block1[:12], h[64:76])
}

// spread lays the low bits of n out over the set bits of mask.
func spread(n, mask uint32) (out uint32) {
	for bit := uint32(1); bit != 0 && n != 0; bit <<= 1 {
		if mask&bit != 0 {
			if n&1 == 1 {
				out |= bit
			}
			n >>= 1
		}
	}
	return out
}

// roll tries n nonces and gives each share to found.
func (r *roller) roll(n int, found func(share)) {
	for ; n > 0; n-- {
		if r.left == 0 {
			r.next()
		}
		sum := r.try(r.nonce)
		if binary.LittleEndian.Uint64(sum[24:]) <= r.target64 && meets(sum, &r.target) {
			found(share{job: r.job, extra2: r.extra2, version: r.version, nonce: r.nonce, hash: *sum})
		}
		r.nonce++
		r.left--
	}
}

func (r *roller) next() {
	r.rolls++
	if r.rolls&(1<<16-1) == 0 || r.job.mask == 0 || spread(r.rolls, r.job.mask) == 0 {
		r.setExtra2()
		return
	}
	r.setVersion()
}

// try hashes one nonce; the result is valid until the next.
func (r *roller) try(nonce uint32) *[32]byte {
	binary.LittleEndian.PutUint32(r.block1[12:], nonce)
	if err := r.sha.UnmarshalBinary(r.mid); err != nil {
		panic(err) // it is our own state
	}
	r.sha.Write(r.block1[:])
	r.state, _ = r.sha.AppendBinary(r.state[:0])
	copy(r.block2[:32], r.state[stateAt:])
	r.sha.Reset()
	r.sha.Write(r.block2[:])
	r.state, _ = r.sha.AppendBinary(r.state[:0])
	return (*[32]byte)(r.state[stateAt:])
}

// meets compares a hash, a little-endian number, with a big-endian target.
func meets(sum, target *[32]byte) bool {
	for i := range 32 {
		if h := sum[31-i]; h != target[i] {
			return h < target[i]
		}
	}
	return true
}
