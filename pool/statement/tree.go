package statement

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"time"

	"hashyard"
)

// Hash is a node of a receipt's tree.
type Hash [32]byte

// leafHash and nodeHash keep leaves and nodes apart, as RFC 6962 (2.1) does:
// SHA-256 over 0 and the leaf, or over 1 and both children.
func leafHash(data []byte) Hash { return sha256.Sum256(append([]byte{0}, data...)) }

func nodeHash(l, r Hash) Hash {
	b := make([]byte, 0, 65)
	return sha256.Sum256(append(append(append(b, 1), l[:]...), r[:]...))
}

// Tree adds leaves one after the other and keeps no more than a node for each
// power of two. The zero value is the empty tree.
type Tree struct {
	n     uint64
	nodes []Hash // of complete subtrees, the largest first
}

// Add appends a leaf.
func (t *Tree) Add(leaf Hash) {
	t.nodes = append(t.nodes, leaf)
	// Every trailing one of the count before is a subtree of the same size.
	for range bits.TrailingZeros64(^t.n) {
		k := len(t.nodes) - 2
		t.nodes = append(t.nodes[:k], nodeHash(t.nodes[k], t.nodes[k+1]))
	}
	t.n++
}

// Len is how many leaves there are.
func (t *Tree) Len() int64 { return int64(t.n) }

// Root is the tree's: subtrees are joined from the smallest on. The empty
// tree's is the hash of nothing.
func (t *Tree) Root() Hash {
	if len(t.nodes) == 0 {
		return sha256.Sum256(nil)
	}
	root := t.nodes[len(t.nodes)-1]
	for i := len(t.nodes) - 2; i >= 0; i-- {
		root = nodeHash(t.nodes[i], root)
	}
	return root
}

// Path is the inclusion proof of leaf i: the siblings from the leaf up.
func Path(leaves []Hash, i int) []Hash {
	if len(leaves) <= 1 {
		return nil
	}
	k := split(len(leaves))
	if i < k {
		return append(Path(leaves[:k], i), rootOf(leaves[k:]))
	}
	return append(Path(leaves[k:], i-k), rootOf(leaves[:k]))
}

// Climb is the root that a leaf and its path lead to in a tree of n leaves; ok
// is false when they cannot be of one tree.
func Climb(leaf Hash, i, n int, path []Hash) (root Hash, ok bool) {
	if i < 0 || i >= n {
		return root, false
	}
	if n == 1 {
		return leaf, len(path) == 0
	}
	if len(path) == 0 {
		return root, false
	}
	k, last := split(n), path[len(path)-1]
	if i < k {
		sub, ok := Climb(leaf, i, k, path[:len(path)-1])
		return nodeHash(sub, last), ok
	}
	sub, ok := Climb(leaf, i-k, n-k, path[:len(path)-1])
	return nodeHash(last, sub), ok
}

// split is the largest power of two below n, which is at least 2.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

func rootOf(leaves []Hash) Hash {
	var t Tree
	for _, l := range leaves {
		t.Add(l)
	}
	return t.Root()
}

// Minute is what a worker's shares of one minute and rate added up to.
type Minute struct {
	Rate   hashyard.ID   `json:"rate"`
	At     time.Time     `json:"minute"`
	Work   hashyard.Work `json:"work"`
	Shares int64         `json:"shares"`
}

// Leaf is the minute's in its worker's tree: a tag, worker, rate, minute as
// Unix seconds, work and shares, all of fixed length and big-endian.
func (m Minute) Leaf(worker hashyard.ID) Hash {
	b := append([]byte("hashyard minute 1\n"), worker[:]...)
	b = append(b, m.Rate[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.At.Unix()))
	b = append(b, m.Work.Big().FillBytes(make([]byte, 16))...)
	return leafHash(binary.BigEndian.AppendUint64(b, uint64(m.Shares)))
}

// Receipt is the root over a worker's minutes.
type Receipt struct {
	Minutes int64  `json:"minutes" doc:"Leaves of the worker's tree."`
	Root    string `json:"root" doc:"64 hex digits."`
}

// leaf is a worker's in the statement's tree.
func (w Worker) leaf() (Hash, error) {
	root, err := parseHash(w.Receipt.Root)
	if err != nil {
		return Hash{}, err
	}
	b := append([]byte("hashyard worker 1\n"), w.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(w.Receipt.Minutes))
	b = append(b, w.Work.Big().FillBytes(make([]byte, 16))...)
	b = binary.BigEndian.AppendUint64(b, uint64(w.Shares))
	return leafHash(append(b, root[:]...)), nil
}
