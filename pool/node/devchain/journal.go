package devchain

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/btcsuite/btcd/blockchain"
)

const (
	journalFile = "accepted.journal"
	// A record is length u32 | kind u8 | payload | crc32c of kind and payload,
	// little endian; length counts the payload.
	recordHead = 5
	recordTail = 4
	maxRecord  = 8 << 20 // above any block
)

// kind says what a journal record repeats.
type kind byte

const (
	kindBlock      kind = 1 // payload: a serialized block
	kindInvalidate kind = 2 // payload: a block hash
	kindReconsider kind = 3 // payload: a block hash
	kindGiven      kind = 4 // payload: a serialized block that nobody worked for
)

// journal is the list of changes that btcd's database may not have on disk yet.
// Not safe for concurrent use: Chain.mu guards it.
type journal struct {
	f      *os.File
	size   int64
	broken error // set when the file's end is unknown; nothing is accepted then
}

type record struct {
	kind    kind
	payload []byte
}

func encodeRecord(r record) []byte {
	b := make([]byte, 0, recordHead+len(r.payload)+recordTail)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.payload)))
	b = append(b, byte(r.kind))
	b = append(b, r.payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[4:], crc32.MakeTable(crc32.Castagnoli)))
}

// readRecord reads one record; ok is false at the end and at a torn or damaged
// tail, which is what a crash in the middle of an append leaves.
func readRecord(r *bufio.Reader) (rec record, size int64, ok bool, err error) {
	head := make([]byte, recordHead)
	if _, err := io.ReadFull(r, head); err != nil {
		return record{}, 0, false, notEnd(err)
	}
	n := binary.LittleEndian.Uint32(head)
	if n > maxRecord {
		return record{}, 0, false, nil
	}
	body := make([]byte, n+recordTail)
	if _, err := io.ReadFull(r, body); err != nil {
		return record{}, 0, false, notEnd(err)
	}
	payload := body[:n]
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	sum.Write(head[4:])
	sum.Write(payload)
	if sum.Sum32() != binary.LittleEndian.Uint32(body[n:]) {
		return record{}, 0, false, nil
	}
	return record{kind(head[4]), payload}, int64(recordHead + len(body)), true, nil
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// openJournal reads every whole record, cuts a torn tail off and leaves the
// file ready to append.
func openJournal(path string, each func(record) error) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{f: f}
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		rec, size, ok, err := readRecord(r)
		if err == nil && ok {
			err = each(rec)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("journal at byte %d: %w", j.size, err), f.Close())
		}
		if !ok {
			break
		}
		j.size += size
	}
	if err := errors.Join(f.Truncate(j.size), f.Sync(), syncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// append returns once the record is on disk.
func (j *journal) append(rec record) error {
	if j.broken != nil {
		return j.broken
	}
	b := encodeRecord(rec)
	_, err := j.f.WriteAt(b, j.size)
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		// After a failed sync nobody knows what is on disk: only a new start,
		// which reads the file again, can tell.
		j.broken = fmt.Errorf("journal cannot be written, restart the chain: %w", err)
		return j.broken
	}
	j.size += int64(len(b))
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.f.Close()
}

// reset empties the journal once the database holds all of it.
func (j *journal) reset() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.f.Truncate(0), j.f.Sync(), j.f.Close())
}

// replay repeats what the database lost. Everything in the journal was accepted
// once, so a block refused now means that the folder is damaged.
func (c *Chain) replay(path string) error {
	j, err := openJournal(path, c.redo)
	if err != nil {
		return err
	}
	c.journal = j
	return nil
}

func (c *Chain) redo(rec record) error {
	switch rec.kind {
	case kindBlock, kindGiven:
		block, err := btcutil.NewBlockFromReader(bytes.NewReader(rec.payload))
		if err != nil {
			return err
		}
		if known, err := c.chain.HaveBlock(block.Hash()); err != nil || known {
			return err
		}
		flags := blockchain.BFNone
		if rec.kind == kindGiven {
			flags = blockchain.BFNoPoWCheck
		}
		_, orphan, err := c.chain.ProcessBlock(block, flags)
		if err == nil && orphan {
			err = errors.New("its parent is missing")
		}
		if err != nil {
			return fmt.Errorf("block %s: %w", block.Hash(), err)
		}
		return nil
	case kindInvalidate, kindReconsider:
		hash, err := chainhash.NewHash(rec.payload)
		if err != nil {
			return err
		}
		if rec.kind == kindInvalidate {
			return c.chain.InvalidateBlock(hash)
		}
		return c.chain.ReconsiderBlock(hash)
	}
	return fmt.Errorf("unknown kind %d", rec.kind)
}
