package stratum

// extranonces gives every session an extranonce1 that no live one has: the
// edge's byte, which no other edge has, and 24 bits that count up. Counting
// instead of drawing lots keeps a freed one unused for as long as possible:
// longer than any job lives unless 16 million connections come in that time.
type extranonces struct {
	edge  byte
	count uint32 // how many there are
	next  uint32
	used  map[uint32]struct{}
}

func newExtranonces(edge byte, first uint32) extranonces {
	return extranonces{edge: edge, count: 1 << 24, next: first % (1 << 24), used: map[uint32]struct{}{}}
}

// take gives a free one; false when all are in use.
func (e *extranonces) take() (uint32, bool) {
	if len(e.used) >= int(e.count) {
		return 0, false
	}
	for {
		n := e.next
		e.next = (e.next + 1) % e.count
		if _, used := e.used[n]; !used {
			e.used[n] = struct{}{}
			return uint32(e.edge)<<24 | n, true
		}
	}
}

// free takes one back when its session has ended.
func (e *extranonces) free(en1 uint32) { delete(e.used, en1&0xffffff) }
