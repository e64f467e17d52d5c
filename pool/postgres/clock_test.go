package postgres_test

import (
	"testing"
	"time"

	"hashyard"
)

// TestClockJumps: while shares come in and periods are settled, the clock of
// the process jumps by an hour, forwards and backwards, also into periods that
// are settled already. Every share is paid once, at the rate it was accepted at.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, jumps := range map[string][]time.Duration{
		"forwards": {hour, hour}, "backwards": {-hour, -hour}, "to and fro": {hour, -hour, hour, -hour}, "fro and to": {-hour, hour, -hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.chain.mine(1, 700)
			a, b := h.tenant("alpha"), h.tenant("beta")
			ms := []machine{h.machine(a, hashyard.NewID()), h.machine(b, hashyard.NewID())}
			shares := int64(0)
			work := func() {
				e := h.epoch()
				for i := range 6 {
					h.pass(time.Second)
					h.submit(h.share(ms[i%2], e.ID, hashyard.Difficulty(1)<<(30+i), 0))
					shares++
				}
			}
			for _, jump := range append([]time.Duration{0}, jumps...) {
				work()
				h.pass(period + 12*time.Second)
				h.run(h.svc, "chores before a jump", times(40))
				h.pass(jump)
				h.run(h.svc, "chores after a jump", times(10))
			}
			// A period in which nothing jumped ends and takes in what came late.
			h.pass(2*hour + period)
			work()
			h.pass(period + 12*time.Second)
			h.run(h.svc, "all work is settled", func() bool {
				return h.count("SELECT coalesce(sum(shares), 0)::bigint FROM pool_statement_lines") >= shares
			})
			h.run(h.svc, "nothing more", times(10))
			if n := h.count("SELECT coalesce(sum(shares), 0)::bigint FROM pool_statement_lines"); n != shares {
				t.Errorf("%d shares were paid, %d accepted", n, shares)
			}
			if n := h.count(`SELECT count(*) FROM (
				SELECT worker_id, epoch_id, sum(work) AS work FROM pool_work GROUP BY 1, 2) b
				FULL JOIN (SELECT worker_id, epoch_id, sum(work) AS work FROM pool_statement_lines GROUP BY 1, 2) s
				USING (worker_id, epoch_id) WHERE b.work IS DISTINCT FROM s.work`); n != 0 {
				t.Errorf("%d lines differ from the work booked", n)
			}
			if told, made := len(events[hashyard.EarningsSettled](h, hashyard.EvEarningsSettled)), h.count("SELECT count(*) FROM pool_statements"); int64(told) != made || made == 0 {
				t.Errorf("%d statements, told %d times", made, told)
			}
		})
	}
}

// times is done after so many looks.
func times(n int) func() bool {
	return func() bool { n--; return n < 0 }
}
