// Package firmware says what a miner can do: capability interfaces that the
// families (firmware/antminer, firmware/generic, …) implement, the facts they
// report, and the comparison of configured pools that decides whether a
// redirect took. It owns no state and does no I/O of its own; every value is
// safe to copy and every Device is used by one goroutine at a time.
//
// A family registers in cmd as map[string]firmware.Family. Nothing here or
// below knows a machine by its name: all that is known is what its APIs say.
package firmware

import (
	"context"
	"time"

	"hashyard"
)

// Identifier is a machine that can say who it is.
type Identifier interface {
	// Identity reads serial, MAC, model and boards. What the machine does not
	// say stays empty; nothing is guessed.
	Identity(ctx context.Context) (Identity, error)
}

// Reader is a machine that can be measured.
type Reader interface {
	// Reading takes one reading. It fails only if nothing could be read;
	// parts that failed are nil and named in Reading.Unread.
	Reading(ctx context.Context) (Reading, error)
}

// PoolReader is a machine that shows the pools its mining process runs with.
type PoolReader interface {
	// Pools lists the running pools in slot order.
	Pools(ctx context.Context) ([]Pool, error)
}

// PoolConfigReader is a machine whose stored pool configuration can be read
// back, the only proof that a write took.
type PoolConfigReader interface {
	// PoolConfig lists every slot, unused ones empty.
	PoolConfig(ctx context.Context) ([]ConfiguredPool, error)
}

// PoolWriter is a machine whose pools can be replaced.
type PoolWriter interface {
	// PoolSlots is the number of pool slots SetPools fills.
	PoolSlots() int
	// SetPools replaces all slots; missing ones are written as empty. The
	// answer is an acknowledgement and nothing more: machines report success
	// without doing it, so callers compare PoolConfig and Pools afterwards.
	// A machine that is busy with an earlier write fails with
	// hashyard.Unavailable and may be asked again.
	SetPools(ctx context.Context, pools []PoolSetting) (Acknowledgement, error)
}

// PoolLockReader is a machine that can say whether its pools are locked by a
// signed vendor file that silently overrides settings.
type PoolLockReader interface {
	PoolLock(ctx context.Context) (PoolLock, error)
}

// Device is the least every family offers. Further capabilities are found by
// type assertion: w, ok := dev.(firmware.PoolWriter).
type Device interface {
	Identifier
	Reader
	PoolReader
}

// Identity is who a machine says it is. MAC belongs to the control board,
// board serials to the hashboards: either may be swapped.
type Identity struct {
	Family   string  `json:"family"`             // firmware family that read it
	Serial   string  `json:"serial,omitempty"`   // the maker's serial
	MAC      string  `json:"mac,omitempty"`      // lower case, colons
	Model    string  `json:"model,omitempty"`    // as the machine writes it
	Firmware string  `json:"firmware,omitempty"` // version as the machine writes it
	Hostname string  `json:"hostname,omitempty"`
	Boards   []Board `json:"boards,omitempty"`
}

// Board is one hashboard's identity.
type Board struct {
	Slot   int    `json:"slot"` // 0 is the first
	Serial string `json:"serial,omitempty"`
}

// Reading is one measurement as the machine reports it: claims, not proof.
// A nil field was not reported or could not be read; it is never zero instead.
type Reading struct {
	At               time.Time          `json:"at"`
	HashrateReported *hashyard.Hashrate `json:"hashrate_hs,omitempty"`         // hashes/s, 5 s average
	HashrateAverage  *hashyard.Hashrate `json:"hashrate_average_hs,omitempty"` // hashes/s since start
	HashrateIdeal    *hashyard.Hashrate `json:"hashrate_ideal_hs,omitempty"`   // hashes/s when healthy
	Boards           []BoardReading     `json:"boards,omitempty"`
	Fans             []int              `json:"fans_rpm,omitempty"`           // revolutions/min of the fans that are fitted
	HardwareErrors   *int64             `json:"hardware_errors,omitempty"`    // count since start
	Power            *float64           `json:"power_w,omitempty"`            // watts
	Uptime           *time.Duration     `json:"uptime_ns,omitempty"`          // of the mining process, not of the system
	EnvironmentTemp  *float64           `json:"environment_temp_c,omitempty"` // degrees Celsius
	Pools            []Pool             `json:"pools,omitempty"`
	Unread           []string           `json:"unread,omitempty"` // "stats: deadline exceeded"
}

// BoardReading is one hashboard's part of a reading.
type BoardReading struct {
	Slot           int                `json:"slot"`
	Serial         string             `json:"serial,omitempty"`
	Hashrate       *hashyard.Hashrate `json:"hashrate_hs,omitempty"`
	HashrateIdeal  *hashyard.Hashrate `json:"hashrate_ideal_hs,omitempty"`
	Chips          *int               `json:"chips,omitempty"`    // chips that were found
	ChipMap        string             `json:"chip_map,omitempty"` // "o" works, "x" does not
	HardwareErrors *int64             `json:"hardware_errors,omitempty"`
	FrequencyMHz   *float64           `json:"frequency_mhz,omitempty"`
	TempsBoard     []float64          `json:"temps_board_c,omitempty"` // degrees Celsius
	TempsChip      []float64          `json:"temps_chip_c,omitempty"`  // degrees Celsius
}

// MaxTemp is the hottest temperature of the reading in degrees Celsius.
func (r Reading) MaxTemp() (float64, bool) {
	found, hottest := false, 0.0
	for _, b := range r.Boards {
		for _, temps := range [][]float64{b.TempsBoard, b.TempsChip} {
			for _, t := range temps {
				if !found || t > hottest {
					found, hottest = true, t
				}
			}
		}
	}
	return hottest, found
}

// PoolStatus is what a machine thinks of a pool.
type PoolStatus string

// The states cgminer and its kin report.
const (
	PoolAlive     PoolStatus = "Alive"
	PoolDead      PoolStatus = "Dead"
	PoolSick      PoolStatus = "Sick"
	PoolRejecting PoolStatus = "Rejecting"
	PoolDisabled  PoolStatus = "Disabled"
	PoolUnknown   PoolStatus = "" // not reported, or a word we do not know
)

// Pool is one pool of the running mining process.
type Pool struct {
	Slot          int        `json:"slot"` // 0 is the first
	URL           string     `json:"url"`
	User          string     `json:"user"`
	Priority      int        `json:"priority"` // 0 is preferred
	Status        PoolStatus `json:"status"`
	StratumActive bool       `json:"stratum_active"`
	Accepted      *int64     `json:"accepted,omitempty"` // shares
	Rejected      *int64     `json:"rejected,omitempty"`
	Stale         *int64     `json:"stale,omitempty"`
	// DifficultyAccepted is the sum of accepted difficulties as printed;
	// WorkAccepted is the same sum in exact 2^-32 units, nearest integer.
	DifficultyAccepted *float64       `json:"difficulty_accepted,omitempty"`
	WorkAccepted       *hashyard.Work `json:"work_accepted,omitempty"`
	DifficultyRejected *float64       `json:"difficulty_rejected,omitempty"`
	StratumDifficulty  *float64       `json:"stratum_difficulty,omitempty"`
	LastShare          *time.Time     `json:"last_share,omitempty"`
}

// PoolLock says whether pool settings hold.
type PoolLock struct {
	State  LockState `json:"state"`
	Detail string    `json:"detail,omitempty"` // the machine's own words
}

// LockState is the state of the vendor's pool lock.
type LockState string

// The lock states. Unsupported firmware cannot be locked this way.
const (
	LockUnsupported LockState = "unsupported"
	LockOff         LockState = "off"
	LockOn          LockState = "locked"
)
