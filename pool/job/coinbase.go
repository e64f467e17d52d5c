package job

import (
	"encoding/binary"

	"hashyard"
)

// MaxCoinbase bounds the coinbase without witness: firmware truncates longer
// ones, from 384 bytes a part upward.
const MaxCoinbase = 350

// maxScriptSig is consensus: 2 … 100 bytes.
const maxScriptSig = 100

const extranonceSize = Extranonce1Size + Extranonce2Size

// holeSize is what coinbase leaves open: the mark and the extranonces.
const holeSize = MarkSize + extranonceSize

// coinbase makes the two parts around mark and extranonces, without witness:
// the miner hashes them to the txid.
func coinbase(t Template, p Params) (c1, c2 []byte, err error) {
	if t.Height < 1 || t.Height > 1<<31-1 {
		return nil, nil, hashyard.Invalid.Errorf("coinbase: height %d", t.Height)
	}
	if t.Value < 0 || t.Value > 21_000_000*1e8 {
		return nil, nil, hashyard.Invalid.Errorf("coinbase: value of %d sat at height %d", t.Value, t.Height)
	}
	if len(p.Script) == 0 {
		return nil, nil, hashyard.Invalid.Errorf("coinbase: no script to pay at height %d", t.Height)
	}
	sig := heightPush(nil, t.Height)
	sig = push(sig, []byte(p.Tag))
	sig = append(sig, holeSize) // push of what is filled in
	if n := len(sig) + holeSize; n > maxScriptSig {
		return nil, nil, hashyard.Invalid.Errorf("coinbase: tag %q makes the input script %d bytes, at most %d", p.Tag, n, maxScriptSig)
	}

	c1 = binary.LittleEndian.AppendUint32(nil, 2) // transaction version
	c1 = append(c1, 1)                            // inputs
	c1 = append(c1, make([]byte, 32)...)          // the null outpoint
	c1 = binary.LittleEndian.AppendUint32(c1, 1<<32-1)
	c1 = append(c1, byte(len(sig)+holeSize))
	c1 = append(c1, sig...)

	c2 = binary.LittleEndian.AppendUint32(nil, 1<<32-1) // sequence
	outs := uint64(1)
	if len(t.WitnessCommitment) > 0 {
		outs++
	}
	c2 = appendVarint(c2, outs)
	c2 = appendOutput(c2, t.Value, p.Script)
	if len(t.WitnessCommitment) > 0 {
		c2 = appendOutput(c2, 0, t.WitnessCommitment)
	}
	c2 = binary.LittleEndian.AppendUint32(c2, 0) // lock time

	if n := len(c1) + holeSize + len(c2); n > MaxCoinbase {
		return nil, nil, hashyard.Invalid.Errorf("coinbase: %d bytes, at most %d", n, MaxCoinbase)
	}
	return c1, c2, nil
}

// heightPush is BIP34's height as consensus demands it: the minimal push,
// which is an opcode of its own up to 16.
func heightPush(b []byte, h int64) []byte {
	if h <= 16 {
		return append(b, 0x50+byte(h)) // OP_1 … OP_16
	}
	var num []byte
	for ; h > 0; h >>= 8 {
		num = append(num, byte(h))
	}
	if num[len(num)-1]&0x80 != 0 { // the top bit is the sign
		num = append(num, 0)
	}
	return push(b, num)
}

// push appends a push of up to 75 bytes; pushing nothing appends nothing.
func push(b, data []byte) []byte {
	if len(data) == 0 {
		return b
	}
	return append(append(b, byte(len(data))), data...)
}

func appendOutput(b []byte, v hashyard.Sats, script []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(v))
	b = appendVarint(b, uint64(len(script)))
	return append(b, script...)
}

// appendVarint writes Bitcoin's variable-length integer.
func appendVarint(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	case n <= 0xffffffff:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), n)
}
