package node

import (
	"context"
	"slices"
	"time"

	"hashyard"
)

// tipWait is how long one question for a new tip stays open at the node.
const tipWait = time.Minute

// Tips tells each new tip's hash as soon as the node knows it, which is before
// it has made a template: by ZMQ where one is configured, else by a call that
// waits (Core and devchain; it holds one of the node's RPC threads). It ends
// with an error; hashyard.NotFound is a node that offers neither, as btcd.
func (c *Client) Tips(ctx context.Context, each func(Hash)) error {
	if c.cfg.ZMQ != "" {
		return subscribe(ctx, c.cfg.ZMQ, "hashblock", func(frames [][]byte) {
			if len(frames) < 2 || len(frames[1]) != len(Hash{}) {
				return // not of the form that Core sends; the long poll is there
			}
			hash := Hash(frames[1]) // as explorers show it
			slices.Reverse(hash[:])
			each(hash)
		})
	}
	var last Hash
	for {
		hash, err := c.waitTip(ctx)
		if err != nil {
			return err
		}
		if hash != last { // the same again is the wait's end
			last = hash
			each(hash)
		}
	}
}

func (c *Client) waitTip(ctx context.Context) (Hash, error) {
	var w struct {
		Hash string `json:"hash"`
	}
	err := c.callWithin(ctx, tipWait+c.cfg.Timeout, &w, "waitfornewblock", tipWait.Milliseconds())
	if isCode(err, codeMethodNotFound, codeMisc) {
		return Hash{}, hashyard.NotFound.Errorf("this node does not tell of new tips: %w", err)
	}
	if err != nil {
		return Hash{}, err
	}
	return parseHash(w.Hash)
}

// Peers is how many other nodes this one is connected to.
func (c *Client) Peers(ctx context.Context) (int64, error) {
	var n int64
	return n, c.call(ctx, &n, "getconnectioncount")
}

// PreciousBlock asks the node to prefer a block among tips of equal work.
// hashyard.NotFound is a node that cannot (btcd), or does not have the block.
func (c *Client) PreciousBlock(ctx context.Context, hash Hash) error {
	err := c.call(ctx, nil, "preciousblock", hash.String())
	if isCode(err, codeMethodNotFound, codeMisc) {
		return hashyard.NotFound.Errorf("preciousblock: %w", err)
	}
	return err
}
