package pool

import (
	"context"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// Barrier is a position of the share log that must have been applied.
type Barrier struct {
	Stream string
	Seq    uint64
}

// Reached reports whether a checkpoint is at or past the barrier.
func (b Barrier) Reached(stream string, seq uint64) bool {
	return b.Seq == 0 || (stream == b.Stream && seq >= b.Seq)
}

// Login is what a username stands for.
type Login struct {
	Account Account
	Worker  Worker
	// Proof says that the unit is under proof for the worker's organisation.
	Proof   bool
	SoldGHs hashyard.GHs // under proof
}

// Store keeps the pool's books. Each method is one whole transaction. Methods
// that take an actor show only what its organisation may see.
type Store interface {
	SeedAccount(ctx context.Context, a Account) (Account, error)
	Account(ctx context.Context, org hashyard.ID) (Account, error)
	AddWorker(ctx context.Context, actor hashyard.Actor, w Worker) (Worker, error)
	// UnitWorker gives a unit's worker under w's account, making or reviving
	// it, and retires the unit's workers elsewhere, whose ids it returns.
	UnitWorker(ctx context.Context, w Worker) (Worker, []hashyard.ID, error)
	Login(ctx context.Context, account, worker string) (Login, error)
	UnitLogins(ctx context.Context, unit hashyard.ID) ([]Login, error)
	// Announce emits make's event for each session that its worker waits for,
	// once.
	Announce(ctx context.Context, sessions []Session, make func(Worker, Session) (hashyard.Event, error)) error

	PutDevices(ctx context.Context, devices []Device) error

	Epoch(ctx context.Context, start, end time.Time, nbits uint32, subsidy hashyard.Sats) (Epoch, error)
	// PutEpoch keeps e unless there is one with its key: the first one wins.
	PutEpoch(ctx context.Context, e Epoch) (Epoch, error)
	LatestEpoch(ctx context.Context) (Epoch, error)
	// BlockFees walks back from tip, at most n blocks, as far as is known.
	BlockFees(ctx context.Context, tip [32]byte, n int64) ([]BlockFees, error)
	PutBlockFees(ctx context.Context, blocks []BlockFees) error

	Checkpoint(ctx context.Context) (stream string, seq uint64, err error)
	// Apply books once what sum makes of a batch's records, less those of runs
	// that an edge had forwarded before. Batches that were applied are ignored,
	// ones that do not follow the checkpoint are hashyard.Conflict.
	Apply(ctx context.Context, b share.Batch, sum func([]share.Record) Books) error

	StartProof(ctx context.Context, event hashyard.ID, p Proof) error
	EndProof(ctx context.Context, event, trade, unit hashyard.ID, outcome string, at time.Time) error
	// EndProofs closes a trade's open measurements but the one of unit except,
	// and gives all the others' units.
	EndProofs(ctx context.Context, event, trade, except hashyard.ID, at time.Time) ([]hashyard.ID, error)
	RestartProofs(ctx context.Context, since time.Time) (int64, error)
	// Measure offers every open proof, with the Last of its shares, and emits
	// what tell answers.
	Measure(ctx context.Context, b Barrier, tell func(Proof) (bool, hashyard.Event, error), at time.Time) (int, error)

	// Unsettled are the periods with epochs that ended at or before t.
	Unsettled(ctx context.Context, t time.Time) ([]PeriodKey, error)
	// Settle loads what of the period, and of late work before it, is not on
	// a statement, and stores what rule makes of it, once for each period.
	Settle(ctx context.Context, p PeriodKey, b Barrier, at time.Time, rule func([]Line) (Settlement, error)) (settled bool, err error)

	SaveBlock(ctx context.Context, c job.Candidate) error
	ChangeBlock(ctx context.Context, hash [32]byte, rule func(Block) (Block, error)) error
	OpenBlocks(ctx context.Context, limit int) ([]Block, error)
	Candidates(ctx context.Context, limit int) ([]job.Candidate, error)

	Reader
}

// Reader answers the screens.
type Reader interface {
	Workers(ctx context.Context, actor hashyard.Actor, since, now time.Time, q Page) ([]WorkerView, string, error)
	Worker(ctx context.Context, actor hashyard.Actor, id hashyard.ID, since, now time.Time) (WorkerView, error)
	Devices(ctx context.Context, actor hashyard.Actor, q DeviceQuery) ([]Device, error)
	WorkByEpoch(ctx context.Context, actor hashyard.Actor, q WorkQuery) ([]EpochWork, error)
	// UnitTallies sums each unit's booked work since; Minute is its first minute.
	UnitTallies(ctx context.Context, actor hashyard.Actor, units []hashyard.ID, since time.Time) ([]Booking, error)
	Minutes(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, since time.Time) ([]Booking, error)
	WorkerMinutes(ctx context.Context, actor hashyard.Actor, worker hashyard.ID, since time.Time) ([]Booking, error)
	// Totals sums what the actor may see by step, a minute or an hour.
	Totals(ctx context.Context, actor hashyard.Actor, step time.Duration, since time.Time) ([]Booking, error)
	// Headcount counts workers that are not retired, and those of them with a
	// share since.
	Headcount(ctx context.Context, actor hashyard.Actor, since time.Time) (all, working int64, err error)
	// Refusals tells by code who was refused since, whole hours.
	Refusals(ctx context.Context, actor hashyard.Actor, since time.Time) ([]Refusal, error)
	// Rejects sums refused submits by cause and class of lateness, the most
	// frequent first.
	Rejects(ctx context.Context, actor hashyard.Actor, q RejectQuery) ([]Reject, error)
	// PoolWork sums the whole pool's work by network difficulty, whole hours.
	PoolWork(ctx context.Context, since time.Time) ([]WorkAt, error)
	// Epochs are the rates made since and the one before them, oldest first.
	Epochs(ctx context.Context, since time.Time) ([]Epoch, error)
	EpochByID(ctx context.Context, id hashyard.ID) (Epoch, error)
	// BlocksSince are blocks found since that a chain took at least once,
	// oldest first, without their finders.
	BlocksSince(ctx context.Context, since time.Time) ([]Block, error)
	Statements(ctx context.Context, actor hashyard.Actor, q Page) ([]Statement, string, error)
	Statement(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Statement, []EpochLine, error)
	UnitLines(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]UnitLine, error)
	Blocks(ctx context.Context, actor hashyard.Actor, q Page) ([]Block, string, error)
	// FindBlocks finds blocks at a height or with a hash, without their finders.
	FindBlocks(ctx context.Context, height int64, hash [32]byte, limit int) ([]Block, error)
}

// Page asks for a part of a list.
type Page struct {
	Cursor string
	Limit  int
}

// WorkQuery selects booked work of one worker or unit, in one epoch or all.
type WorkQuery struct {
	Worker, Unit, Epoch hashyard.ID
	Limit               int
}
