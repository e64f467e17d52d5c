package app

import (
	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
	"hashyard/pool/stratum"
)

// edge is the Stratum server as the pool's accounting sees it.
type edge struct{ server *stratum.Server }

func (e edge) Retarget(worker hashyard.ID, g share.Grant) { e.server.Retarget(worker, g) }

func (e edge) CloseWorker(worker hashyard.ID, reason string) { e.server.CloseWorker(worker, reason) }

func (e edge) Sessions() []pool.Session {
	infos := e.server.Sessions()
	out := make([]pool.Session, len(infos))
	for i, s := range infos {
		out[i] = session(s)
	}
	return out
}

func session(s stratum.Info) pool.Session {
	return pool.Session{
		ID: s.ID, Account: s.Account, Worker: s.Worker, Unit: s.Unit, User: s.User, Agent: s.Agent, Device: s.Device, Remote: s.Remote.String(),
		Opened: s.Opened, LastShare: s.LastShare, Difficulty: s.Difficulty, PerMinute: s.PerMinute,
		Secret: s.Secret, Proof: s.Proof, Accepted: s.Accepted, Refused: s.Refused, Work: s.Work,
	}
}
