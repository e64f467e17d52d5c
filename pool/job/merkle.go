package job

import "crypto/sha256"

// Branches gives the siblings on the coinbase's way to the merkle root, for
// transactions ids after the coinbase: what a miner needs to compute the root
// for any coinbase.
func Branches(ids [][32]byte) [][32]byte {
	if len(ids) == 0 {
		return nil
	}
	var branches [][32]byte
	// row[0] stands for the coinbase's path and is never read.
	row := make([][32]byte, 1, len(ids)+2)
	row = append(row, ids...)
	for len(row) > 1 {
		if len(row)%2 == 1 { // Bitcoin pairs a last lone hash with itself
			row = append(row, row[len(row)-1])
		}
		branches = append(branches, row[1])
		for i := 1; i < len(row)/2; i++ {
			row[i] = pairHash(&row[2*i], &row[2*i+1])
		}
		row = row[:len(row)/2]
	}
	return branches
}

func pairHash(a, b *[32]byte) [32]byte {
	var pair [64]byte
	copy(pair[:32], a[:])
	copy(pair[32:], b[:])
	h := sha256.Sum256(pair[:])
	return sha256.Sum256(h[:])
}
