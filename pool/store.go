package pool

import (
	"context"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/statement"
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
	// LoginCut is Login for the one worker of the account whose name begins so;
	// hashyard.NotFound when there are several.
	LoginCut(ctx context.Context, account, begins string) (Login, error)
	UnitLogins(ctx context.Context, unit hashyard.ID) ([]Login, error)
	// Announce emits make's event for each session that its worker waits for,
	// once.
	Announce(ctx context.Context, sessions []Session, make func(Worker, Session) (hashyard.Event, error)) error

	PutDevices(ctx context.Context, devices []Device) error

	// Epoch finds the one with e's period, beginning of the index, bits and subsidy.
	Epoch(ctx context.Context, e Epoch) (Epoch, error)
	// PutEpoch keeps e unless there is one with its key: the first one wins.
	PutEpoch(ctx context.Context, e Epoch) (Epoch, error)
	LatestEpoch(ctx context.Context) (Epoch, error)
	// BlockFees walks back from tip, at most n blocks, as far as is known.
	BlockFees(ctx context.Context, tip [32]byte, n int64) ([]fpps.Block, error)
	PutBlockFees(ctx context.Context, blocks []fpps.Block) error

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

	// DueEpochs are the period's, and those of late work.
	DueEpochs(ctx context.Context, p PeriodKey) ([]Epoch, error)
	// Unsettled are the periods with epochs that ended at or before t.
	Unsettled(ctx context.Context, t time.Time) ([]PeriodKey, error)
	// Settle loads what of the period, and of late work before it, is not on
	// a statement, and stores what rule makes of it, once for each period.
	Settle(ctx context.Context, p PeriodKey, b Barrier, at time.Time, rule func([]Line) (Settlement, error)) (settled bool, err error)

	// Unsealed are statements that are not signed yet, oldest first. PutSeal keeps
	// the first signature of each.
	Unsealed(ctx context.Context, limit int) ([]hashyard.ID, error)
	PutSeal(ctx context.Context, s Sealed) error
	Seal(ctx context.Context, id hashyard.ID) (Sealed, error)
	// Receipts are a statement's by worker, ReceiptMinutes what one is over.
	Receipts(ctx context.Context, id hashyard.ID) (map[hashyard.ID]statement.Receipt, error)
	ReceiptMinutes(ctx context.Context, id, worker hashyard.ID) ([]statement.Minute, error)

	// Watched are all workers that may mine, with what they did lately; PutLooked
	// keeps how they stand now and emits the event of each change that nobody
	// else has kept before.
	Watched(ctx context.Context, now time.Time) ([]Watched, error)
	PutLooked(ctx context.Context, looked []Looked, now time.Time) error

	Accounts(ctx context.Context, actor hashyard.Actor, q Page) ([]Account, string, error)
	AccountByID(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Account, error)
	PutTerms(ctx context.Context, actor hashyard.Actor, t Terms) (Terms, error)
	// Terms are an account's, oldest first.
	Terms(ctx context.Context, account hashyard.ID) ([]Terms, error)
	PutDollar(ctx context.Context, actor hashyard.Actor, d Dollar) (Dollar, error)
	Dollars(ctx context.Context, since time.Time) ([]Dollar, error)
	// RotateSecret makes the worker's next generation; the one before is good
	// until. A worker that has the wanted generation already is left alone.
	RotateSecret(ctx context.Context, actor hashyard.Actor, worker hashyard.ID, from int, until time.Time) (Worker, error)

	// AddWatchLink makes a link unless there are most living ones; made is false
	// for one that is there.
	AddWatchLink(ctx context.Context, actor hashyard.Actor, l WatchLink, hash [32]byte, most int) (_ WatchLink, made bool, err error)
	WatchLinks(ctx context.Context, actor hashyard.Actor, q Page) ([]WatchLink, string, error)
	RevokeWatchLink(ctx context.Context, actor hashyard.Actor, id hashyard.ID, at time.Time) (WatchLink, error)
	OpenWatchLink(ctx context.Context, hash [32]byte, now time.Time) (WatchLink, Account, error)

	SaveBlock(ctx context.Context, c job.Candidate) error
	ChangeBlock(ctx context.Context, hash [32]byte, rule func(Block) (Block, error)) error
	OpenBlocks(ctx context.Context, limit int) ([]Block, error)
	Candidates(ctx context.Context, limit int) ([]job.Candidate, error)

	Reader
}

// Reader answers the screens.
type Reader interface {
	Devices(ctx context.Context, actor hashyard.Actor, q DeviceQuery) ([]Device, error)
	Workers(ctx context.Context, actor hashyard.Actor, now time.Time, q WorkerQuery) ([]WorkerView, string, error)
	// WorkerCounts counts the actor's workers by state; "retired" is one here.
	WorkerCounts(ctx context.Context, actor hashyard.Actor) (map[WorkerState]int64, error)
	Worker(ctx context.Context, actor hashyard.Actor, id hashyard.ID, now time.Time) (WorkerView, error)
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
	// PoolWork sums the whole pool's work by network difficulty, by whole
	// minutes or hours; PoolWorkSteps tells each of them, oldest first.
	PoolWork(ctx context.Context, step time.Duration, since time.Time) ([]WorkAt, error)
	PoolWorkSteps(ctx context.Context, step time.Duration, since time.Time) ([]WorkAt, error)
	// Epochs are the rates made since and the one before them, oldest first.
	Epochs(ctx context.Context, since time.Time) ([]Epoch, error)
	EpochByID(ctx context.Context, id hashyard.ID) (Epoch, error)
	// BlocksSince are blocks found since that a chain took at least once,
	// oldest first, without their finders.
	BlocksSince(ctx context.Context, since time.Time) ([]Block, error)
	// NewestBlocks are blocks that a chain took at least once, newest first,
	// without their finders.
	NewestBlocks(ctx context.Context, n int) ([]Block, error)
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

// WorkerSort is what a list of workers is sorted by.
type WorkerSort string

// The sorts. Ties and CreatedFirst go by id, which is the order of making.
const (
	CreatedFirst WorkerSort = "created"
	ByName       WorkerSort = "name"
	ByFive       WorkerSort = "ths_5m"
	ByHour       WorkerSort = "ths_1h"
	ByDay        WorkerSort = "ths_24h"
	ByLastShare  WorkerSort = "last_share"
	ByRejects    WorkerSort = "rejects"
	ByState      WorkerSort = "state"
)

// WorkerQuery selects and sorts workers.
type WorkerQuery struct {
	Page
	Sort       WorkerSort // empty is CreatedFirst
	Descending bool
	States     []WorkerState // empty is all; "retired" is one here
	Text       string        // a part of the username
	Unit       hashyard.ID
	Account    hashyard.ID
}

// Retired is the state of a worker whose machine works for somebody else.
const Retired WorkerState = "retired"

// WorkQuery selects booked work of one worker or unit, in one epoch or all.
type WorkQuery struct {
	Worker, Unit, Epoch hashyard.ID
	Limit               int
}
