package job

import (
	"time"

	"hashyard"
)

// Block assembles the whole block, ready for submitblock: header, coinbase
// (with the witness its commitment asks for) and the template's transactions.
func (j *Job) Block(header [80]byte, m Mark, en1 [Extranonce1Size]byte, en2 [Extranonce2Size]byte) []byte {
	size := len(header) + 9 + len(j.Coinb1) + holeSize + len(j.Coinb2) + 36
	for _, tx := range j.txs {
		size += len(tx)
	}
	b := make([]byte, 0, size)
	b = append(b, header[:]...)
	b = appendVarint(b, uint64(1+len(j.txs)))
	b = j.appendCoinbase(b, &m, en1, en2)
	for _, tx := range j.txs {
		b = append(b, tx...)
	}
	return b
}

// Transactions is how many the block has besides the coinbase.
func (j *Job) Transactions() int { return len(j.txs) }

func (j *Job) appendCoinbase(b []byte, m *Mark, en1 [Extranonce1Size]byte, en2 [Extranonce2Size]byte) []byte {
	const version, lockTime = 4, 4
	if !j.commit {
		b = append(append(b, j.Coinb1...), m[:]...)
		b = append(append(b, en1[:]...), en2[:]...)
		return append(b, j.Coinb2...)
	}
	// BIP141: marker and flag after the version; the coinbase's witness is one
	// item of 32 zero bytes, before the lock time.
	b = append(b, j.Coinb1[:version]...)
	b = append(b, 0, 1)
	b = append(append(b, j.Coinb1[version:]...), m[:]...)
	b = append(append(b, en1[:]...), en2[:]...)
	end := len(j.Coinb2) - lockTime
	b = append(b, j.Coinb2[:end]...)
	b = append(b, 1, 32)
	b = append(b, make([]byte, 32)...)
	return append(b, j.Coinb2[end:]...)
}

// EpochFacts is what makes a rate epoch: jobs with equal facts are priced alike.
type EpochFacts struct {
	Period  time.Time // start of the settlement period, UTC
	NBits   uint32
	Subsidy hashyard.Sats // without fees
	Tip     [32]byte      // previous block of the epoch's first job
	Height  int64         // of that job
}

// Candidate is a block that a miner found, not yet judged by the network.
type Candidate struct {
	Hash     [32]byte
	PrevHash [32]byte
	Height   int64
	NBits    uint32
	Value    hashyard.Sats // reward of the coinbase, fees included
	Raw      []byte        // the whole block
	Epoch    hashyard.ID
	Session, Account, Worker,
	Unit hashyard.ID // who found it; zero when the session was not authorised
	At time.Time
}
