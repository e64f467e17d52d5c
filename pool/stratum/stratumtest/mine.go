package stratumtest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
)

// Share is a solution, ready to submit.
type Share struct {
	Job                             Job
	Extranonce2, NTime, Nonce, Bits string
	Hash                            [32]byte // as SHA256d gives it
}

// Params are mining.submit's.
func (s Share) Params(user string) []any {
	p := []any{user, s.Job.ID, s.Extranonce2, s.NTime, s.Nonce}
	if s.Bits != "" {
		p = append(p, s.Bits)
	}
	return p
}

// Mine searches a job for a hash of at least min and less than max difficulty
// (max 0 for no limit), from where the last search ended.
func (c *Client) Mine(ctx context.Context, j Job, min, max float64) (Share, error) {
	atMost, above := Target(min), (*big.Int)(nil)
	if max > 0 {
		above = Target(max)
	}
	hash := new(big.Int)
	for {
		c.nonce2++
		en2 := binary.BigEndian.AppendUint64(nil, c.nonce2)[8-c.en2size:]
		header, bits, err := c.header(j, en2)
		if err != nil {
			return Share{}, err
		}
		for nonce := range uint32(1 << 20) {
			if nonce&0xfff == 0 && ctx.Err() != nil {
				return Share{}, ctx.Err()
			}
			binary.LittleEndian.PutUint32(header[76:], nonce)
			once := sha256.Sum256(header[:])
			h := sha256.Sum256(once[:])
			if h[31] != 0 && min >= 1.0/(1<<24) {
				continue
			}
			if hash.SetBytes(reversed(h)); hash.Cmp(atMost) > 0 || (above != nil && hash.Cmp(above) <= 0) {
				continue
			}
			return Share{
				Job: j, Extranonce2: hex.EncodeToString(en2), NTime: j.NTime,
				Nonce: fmt.Sprintf("%08x", nonce), Bits: bits, Hash: h,
			}, nil
		}
	}
}

// header builds what a miner hashes.
func (c *Client) header(j Job, en2 []byte) (h [80]byte, bits string, err error) {
	c1, err1 := hex.DecodeString(j.Coinb1)
	c2, err2 := hex.DecodeString(j.Coinb2)
	prev, err3 := hex.DecodeString(j.PrevHash)
	if err := errors.Join(err1, err2, err3); err != nil || len(prev) != 32 {
		return h, "", fmt.Errorf("notify is not hex: %w", err)
	}
	coinbase := append(append(append(append([]byte(nil), c1...), c.en1...), en2...), c2...)
	root := sha256d(coinbase)
	for _, br := range j.Branches {
		b, err := hex.DecodeString(br)
		if err != nil {
			return h, "", err
		}
		root = sha256d(append(append([]byte(nil), root[:]...), b...))
	}
	version := j.versionBits
	if c.mask != 0 {
		roll := uint32(c.nonce2*0x2000) & c.mask
		version |= roll
		bits = fmt.Sprintf("%08x", roll)
	}
	binary.LittleEndian.PutUint32(h[0:], version)
	for w := 0; w < 32; w += 4 {
		binary.LittleEndian.PutUint32(h[4+w:], binary.BigEndian.Uint32(prev[w:]))
	}
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], j.ntimeInt)
	binary.LittleEndian.PutUint32(h[72:], j.nbitsIn)
	return h, bits, nil
}

// Target is the largest hash of a shown difficulty: 0xffff·2^208 / d.
func Target(d float64) *big.Int {
	one := new(big.Float).SetInt(new(big.Int).Lsh(big.NewInt(0xffff), 208))
	t, _ := one.Quo(one.SetPrec(300), big.NewFloat(d)).Int(nil)
	return t
}

func sha256d(b []byte) [32]byte {
	once := sha256.Sum256(b)
	return sha256.Sum256(once[:])
}

func reversed(h [32]byte) []byte {
	for i := range 16 {
		h[i], h[31-i] = h[31-i], h[i]
	}
	return h[:]
}
