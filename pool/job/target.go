package job

import (
	"encoding/binary"
	"math/big"

	"hashyard"
)

// TargetFromBits expands a header's compact target. It refuses zero, negative
// and overflowing ones, which consensus refuses too.
func TargetFromBits(nbits uint32) ([32]byte, error) {
	var out [32]byte
	mantissa, exp := nbits&0x007fffff, int(nbits>>24)
	t := big.NewInt(int64(mantissa))
	if exp <= 3 {
		t.Rsh(t, uint(8*(3-exp)))
	} else {
		t.Lsh(t, uint(8*(exp-3)))
	}
	if nbits&0x00800000 != 0 || t.Sign() == 0 || t.BitLen() > 256 {
		return out, hashyard.Invalid.Errorf("bits %08x are not a target", nbits)
	}
	t.FillBytes(out[:])
	return out, nil
}

// NetDifficulty is the network's difficulty in share units, rounded down and
// at least one: no share needs to be harder than a block.
func (j *Job) NetDifficulty() hashyard.Difficulty { return DifficultyOf(j.NetTarget) }

// DifficultyOf is the greatest difficulty that a big-endian target allows
// shares of: floor(diff1·2^32/target), between 1 and 2^63.
func DifficultyOf(target [32]byte) hashyard.Difficulty {
	t := new(big.Int).SetBytes(target[:])
	d := new(big.Int).Lsh(hashyard.Diff1Target(), 32)
	if t.Sign() == 0 {
		return 1 << 63
	}
	d.Quo(d, t)
	switch {
	case d.Sign() == 0:
		return 1
	case d.BitLen() > 63:
		return 1 << 63
	}
	return hashyard.Difficulty(d.Uint64())
}

// Meets reports whether a header hash, as SHA256d gives it, is at most the
// big-endian target.
func Meets(hash, target *[32]byte) bool {
	for i := 0; i < 32; i += 8 {
		h := binary.LittleEndian.Uint64(hash[24-i:])
		t := binary.BigEndian.Uint64(target[i:])
		if h != t {
			return h < t
		}
	}
	return true
}
