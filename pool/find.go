package pool

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// FindBlocks finds blocks of ours by their height or whole hash. Who found
// them is left out: what is left stands in the chain for all to see.
func (s *Service) FindBlocks(ctx context.Context, text string, limit int) ([]Block, error) {
	height, hash, ok := blockNamed(text)
	if !ok {
		return nil, nil
	}
	return s.store.FindBlocks(ctx, height, hash, limit)
}

// blockNamed reads a height or a hash as they are shown; the height is -1 when
// it is a hash.
func blockNamed(text string) (height int64, hash [32]byte, ok bool) {
	text = strings.TrimSpace(text)
	if h, err := strconv.ParseInt(text, 10, 64); err == nil && h >= 0 && len(text) < 16 {
		return h, hash, true
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(hash) {
		return 0, hash, false
	}
	slices.Reverse(b)
	return -1, [32]byte(b), true
}
