//go:build !sabotage

package app

import (
	"net/http"

	"hashyard/brokerage"
	"hashyard/brokerage/market"
	"hashyard/brokerage/treasury/signer"
	"hashyard/firmware"
	"hashyard/inventory"
	"hashyard/pool"
	"hashyard/pool/stratum"
)

// Where the test build of the tag `sabotage` breaks one step of the thread at
// a time, to show that the journey notices. In every other build these are
// nothing.

func tamperFamilies(f map[string]firmware.Family) map[string]firmware.Family { return f }

func tamperReserver(r brokerage.Reserver) brokerage.Reserver { return r }

func tamperJournal(j market.Journal) market.Journal { return j }

func tamperRail(r brokerage.Rail) brokerage.Rail { return r }

func tamperInventory(s inventory.Store) inventory.Store { return s }

func tamperHTTP(h http.Handler) http.Handler { return h }

func tamperShares(l stratum.Log) stratum.Log { return l }

func tamperMeasured(h eventHandler) eventHandler { return h }

func tamperChain(c pool.Chain) pool.Chain { return c }

func tamperSigner(_ *signer.Signer, h http.Handler) http.Handler { return h }

func tamperLedger(s brokerage.LedgerStore) brokerage.LedgerStore { return s }
