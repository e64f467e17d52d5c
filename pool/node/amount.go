package node

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"hashyard"
)

// Hash is a double-SHA256 in internal byte order (as it stands in headers and
// transactions). String and the RPC show it reversed.
type Hash = chainhash.Hash

// maxSats is every bitcoin there can be; nothing larger is an amount.
const maxSats = 21_000_000 * 100_000_000

// parseHash reads the 64-digit reversed form. chainhash pads short strings, so
// the length is checked here.
func parseHash(s string) (Hash, error) {
	if len(s) != 2*chainhash.HashSize {
		return Hash{}, hashyard.Invalid.Errorf("hash %.70q is not 64 hex digits", s)
	}
	h, err := chainhash.NewHashFromStr(s)
	if err != nil {
		return Hash{}, hashyard.Invalid.Errorf("hash %.70q is not 64 hex digits", s)
	}
	return *h, nil
}

func parseHex(what, s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("%s is not hex: %w", what, err)
	}
	return b, nil
}

// parseBits reads compact target bits; btcd does not pad them to 8 digits.
func parseBits(s string) (uint32, error) {
	v, err := strconv.ParseUint(s, 16, 32)
	if err != nil || v == 0 {
		return 0, hashyard.Invalid.Errorf("bits %.20q are not a compact target", s)
	}
	return uint32(v), nil
}

// parseBTC reads an amount of bitcoin exactly. Core writes eight decimals,
// btcd writes floats ("5e-06"): both are decimal numbers, never a float here.
func parseBTC(n json.Number) (hashyard.Sats, error) {
	s := string(n)
	// A huge exponent would make big.Rat build a number of that many digits.
	if len(s) > 32 || !smallExponent(s) {
		return 0, hashyard.Invalid.Errorf("amount %.40q is not bitcoin", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, hashyard.Invalid.Errorf("amount %.40q is not bitcoin", s)
	}
	r.Mul(r, big.NewRat(100_000_000, 1))
	if !r.IsInt() || !r.Num().IsInt64() {
		return 0, hashyard.Invalid.Errorf("amount %.40q is not a whole number of satoshis", s)
	}
	v := r.Num().Int64()
	if v > maxSats || v < -maxSats {
		return 0, hashyard.Invalid.Errorf("amount %.40q is more than there can be", s)
	}
	return hashyard.Sats(v), nil
}

func smallExponent(s string) bool {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return !strings.ContainsAny(s, "/pPxX_")
	}
	e, err := strconv.Atoi(s[i+1:])
	return err == nil && e > -30 && e < 30
}
