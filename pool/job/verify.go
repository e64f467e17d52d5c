package job

import (
	"encoding/binary"
	"math"

	"hashyard/pool/share"
)

// Submit is what a miner filled into a job.
type Submit struct {
	Extranonce2 [Extranonce2Size]byte
	NTime       uint32
	Nonce       uint32
	VersionBits uint32 // rolled bits, 0 when it rolls none
}

// Parse reads the fields of a mining.submit strictly: exact length, hex in
// either case, no prefix. Laxness here lets one share be sent in many
// spellings. versionBits may be nil.
func (s *Submit) Parse(extranonce2, ntime, nonce, versionBits []byte) bool {
	if len(extranonce2) != 2*Extranonce2Size {
		return false
	}
	var hi, lo uint32
	ok := parseWord(extranonce2[:8], &hi) && parseWord(extranonce2[8:], &lo) &&
		parseWord(ntime, &s.NTime) && parseWord(nonce, &s.Nonce)
	binary.BigEndian.PutUint32(s.Extranonce2[:], hi)
	binary.BigEndian.PutUint32(s.Extranonce2[4:], lo)
	s.VersionBits = 0
	if versionBits != nil {
		ok = ok && parseWord(versionBits, &s.VersionBits)
	}
	return ok
}

// parseWord reads exactly eight hex digits.
func parseWord(s []byte, v *uint32) bool {
	if len(s) != 8 {
		return false
	}
	var n uint32
	for _, c := range s {
		d := lowerDigit(c | 0x20) // digits have the bit already
		if d > 15 || (c|0x20 != c && c < 'A') {
			return false
		}
		n = n<<4 | uint32(d)
	}
	*v = n
	return true
}

// lowerDigit is the value of a lower-case hex digit, above 15 for others.
func lowerDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// Verdict is a hashed submit. Duplicate and difficulty are not judged here:
// they need the session's state.
type Verdict struct {
	Header [80]byte
	Hash   [32]byte
	Block  bool       // the hash meets the network's target, whatever the code
	Code   share.Code // Accepted, or Other for ntime or version bits out of range
	Cause  share.Cause

	hasher *hasher // made by the first use
}

// Verify hashes a submit under mark m of a session with extranonce1 en1 and
// negotiated version mask, at pool time now (Unix seconds). It hashes before it judges:
// a block is never lost to a rule about shares.
func Verify(j *Job, m Mark, en1 [Extranonce1Size]byte, mask uint32, s *Submit, now int64, v *Verdict) {
	if v.hasher == nil {
		v.hasher = newHasher()
	}
	k := v.hasher
	root := j.coinbaseID(k, &m, en1, s.Extranonce2)
	for i := range j.Branches {
		copy(k.buf[:32], root[:])
		copy(k.buf[32:64], j.Branches[i][:])
		root = k.double(64)
	}
	h := &v.Header
	// BIP320: the job's version has zeros inside the mask, so OR is the
	// combination that all firmware agrees on.
	binary.LittleEndian.PutUint32(h[0:], j.Version|s.VersionBits)
	copy(h[4:], j.PrevHash[:])
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], s.NTime)
	binary.LittleEndian.PutUint32(h[72:], j.NBits)
	binary.LittleEndian.PutUint32(h[76:], s.Nonce)
	copy(k.buf[:], h[:])
	v.Hash = k.double(len(h))
	v.Block = Meets(&v.Hash, &j.NetTarget)
	v.Code, v.Cause = share.Accepted, share.NoCause
	switch {
	case s.VersionBits&^mask != 0:
		v.Code, v.Cause = share.Other, share.VersionBits
	case s.NTime < j.MinTime || int64(s.NTime) > now+MaxFutureSeconds:
		v.Code, v.Cause = share.Other, share.BlockTime
	}
}

// coinbaseID hashes the coinbase without witness to its txid. New makes none
// that is longer than the hasher's room.
func (j *Job) coinbaseID(k *hasher, m *Mark, en1 [Extranonce1Size]byte, en2 [Extranonce2Size]byte) [32]byte {
	n := copy(k.buf[:], j.Coinb1)
	n += copy(k.buf[n:], m[:])
	n += copy(k.buf[n:], en1[:])
	n += copy(k.buf[n:], en2[:])
	n += copy(k.buf[n:], j.Coinb2)
	return k.double(n)
}

// Difficulty is what the hash would have met at most, in share units: for
// logs and best-share displays, never for pay.
func (v *Verdict) Difficulty() float64 {
	var n float64
	for i := 31; i >= 0; i-- {
		n = n*256 + float64(v.Hash[i])
	}
	return 0xffff * math.Exp2(208+32) / n
}
