package stratum

import (
	"cmp"
	"context"

	"hashyard"
	"hashyard/pool/share"
	"hashyard/pool/vardiff"
)

func (s *session) authorize(ctx context.Context, r *request) {
	s.asked = true
	user, _ := r.text(0)
	password, _ := r.text(1)
	asks := parsePassword(password)
	password = asks.secret
	s.mu.Lock()
	again, known, agent := s.authorised && user == s.user, s.authorised, s.agent
	s.mu.Unlock()
	switch {
	case again:
		s.send(replyTrue(r.id))
		return
	case known:
		s.send(replyError(r.id, share.Other, "this connection mines for another worker: open a new one"))
		return
	}
	if v := s.srv.jobs.load(); v.current == nil && v.suspended != "" {
		s.send(replyError(r.id, share.Other, "no work: "+v.suspended))
		s.end("no work: " + v.suspended)
		return
	}
	changes := s.srv.changes.Load()
	grant, err := s.login(ctx, user, password, agent)
	if err != nil {
		s.refuseLogin(ctx, r.id, user, err)
		return
	}
	if !s.enterAccount(r.id, grant) {
		return
	}
	if grant.Secret && !grant.Unit.IsZero() {
		s.srv.hold(grant.Unit, s)
	}
	if !s.admitWorker(r.id, user, grant, asks) || !s.confirm(ctx, changes, user, password, agent) {
		return
	}
	i, _ := s.picture()
	s.srv.cfg.Logger.DebugContext(ctx, "stratum session authorised", "session", s.id, "remote", s.remote, "user", user, "agent", i.Agent)
	if opened := s.srv.cfg.Hooks.Opened; opened != nil {
		opened(ctx, i)
	}
}

// confirm asks again when a worker was retargeted or closed while this login
// was decided: the grant may be older than that, and the change went by before
// the session could be found by it. Later changes find the session.
func (s *session) confirm(ctx context.Context, since uint64, user, password, agent string) bool {
	for now := s.srv.changes.Load(); now != since; now = s.srv.changes.Load() {
		since = now
		i, _ := s.picture()
		grant, err := s.login(ctx, user, password, agent)
		if err != nil || grant.Worker != i.Worker || grant.Account != i.Account || grant.Unit != i.Unit {
			s.end("login withdrawn")
			return false
		}
		s.retarget(grant.Worker, grant)
	}
	return true
}

func (s *session) login(ctx context.Context, user, password, agent string) (Grant, error) {
	if !validUser(user) {
		return Grant{}, hashyard.Invalid.Errorf("user name of %d characters", len(user))
	}
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	return s.srv.cfg.Auth.Authorize(ctx, user, password, agent, s.remote)
}

func (s *session) refuseLogin(ctx context.Context, id []byte, user string, err error) {
	switch kind, _ := hashyard.KindOf(err); kind {
	case hashyard.NotFound, hashyard.Denied, hashyard.Invalid, hashyard.Unauthenticated:
		text := "" // who does not exist and who has the wrong secret are told alike
		if kind == hashyard.Invalid {
			text = "the user name is account.worker"
		}
		s.send(replyError(id, share.Unauthorised, text))
		s.blame(blameLogin)
		if s.failedLogins++; s.failedLogins >= maxFailedLogins {
			s.end("too many refused logins")
		}
	default:
		s.srv.cfg.Logger.WarnContext(ctx, "stratum login not decided", "user", printable(user), "remote", s.remote, "err", err)
		s.send(replyError(id, share.Other, "login is not possible now, try again later"))
		s.end("login not decided")
	}
}

// admitWorker makes the session ready to mine as the grant says.
func (s *session) admitWorker(id []byte, user string, grant Grant, asks loginOptions) bool {
	now := s.srv.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false // replaced or stopped meanwhile
	}
	s.authorised, s.user, s.grant = true, user, grant
	if v := s.srv.jobs.load(); v.current != nil {
		s.ceiling = v.current.net
	}
	// What somebody wrote into the password is meant; what firmware suggests
	// by itself comes after it.
	s.wish, s.floor = cmp.Or(asks.start, s.wish), max(asks.floor, s.floor)
	start := s.door.Start
	switch {
	case s.wish > 0 && !grant.Proof && (grant.Start == 0 || vardiff.Plausible(s.wish, grant.Start)):
		start = s.wish
	case grant.Start > 0:
		start = grant.Start
	}
	s.diff = vardiff.New(vardiff.Config{PerMinute: s.perMinute(), Floor: s.least(), Ceiling: s.most(), Held: asks.held && !grant.Proof}, start, now)
	s.queue(replyTrue(id))
	s.beginLocked()
	return true
}

func validUser(s string) bool {
	if s == "" || len(s) > maxUser {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
