package minersim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cgminerRead answers the commands that change nothing; ok is false for any
// other. Callers hold mu.
func (m *machine) cgminerRead(command string, f figures) (r reply, ok bool) {
	switch command {
	case "version":
		return success(22, "CGMiner versions", "VERSION", row{
			{"CGMiner", "4.11.1"},
			{"API", "3.7"},
			{"STM8", "20.08.01"},
			{"PROD", m.st.Model},
			{"MODEL", strings.TrimPrefix(m.st.Model, "Avalon ")},
			{"HWTYPE", "MM4v1_X3"},
			{"SWTYPE", "MM318"},
			{"VERSION", "24102401_25462b2_9ddf522"},
			{"LOADER", "d0d779de.00"},
			{"DNA", m.st.Serial},
			{"MAC", strings.ReplaceAll(m.st.MAC, ":", "")},
			{"UPAPI", "2"},
		}), true
	case "summary":
		return success(11, "Summary", "SUMMARY", cgminerSummary(f)), true
	case "devs":
		return success(9, "3 ASC(s)", "DEVS", cgminerDevs(f)...), true
	case "pools":
		return success(7, fmt.Sprintf("%d Pool(s)", len(m.st.Slots)), "POOLS", m.cgminerPools()...), true
	case "stats":
		return success(70, "CGMiner stats", "STATS", row{
			{"STATS", 0},
			{"ID", "AVA100"},
			{"Elapsed", f.elapsed},
			{"Calls", 0},
			{"Wait", number("0.000000")},
			{"Max", number("0.000000")},
			{"Min", number("99999999.000000")},
			{"MM ID0", m.module(f)},
		}), true
	case "coin":
		return success(78, "CGMiner coin", "COIN", row{{"Hash Method", "sha256"}, {"Current Block Time", number("0.000000")}, {"Current Block Hash", ""}, {"LP", f.mining}}), true
	case "config":
		return success(33, "CGMiner config", "CONFIG", row{{"ASC Count", 3}, {"Pool Count", len(m.st.Slots)}, {"Strategy", "Failover"}, {"Log Interval", 5}, {"OS", "Linux"}}), true
	case "privileged":
		return success(46, "Privileged access OK", ""), true
	}
	return reply{}, false
}

func cgminerSummary(f figures) row {
	return row{
		{"Elapsed", f.elapsed},
		{"MHS av", fixed(f.average*1e3, 2)},
		{"MHS 5s", fixed(f.recent*1e3, 2)},
		{"MHS 1m", fixed(f.recent*1e3, 2)},
		{"MHS 5m", fixed(f.average*1e3, 2)},
		{"MHS 15m", fixed(f.average*1e3, 2)},
		{"Found Blocks", 0},
		{"Getworks", f.accepted/4 + 1},
		{"Accepted", f.accepted},
		{"Rejected", f.rejected},
		{"Hardware Errors", f.hwErrors},
		{"Utility", fixed(perMinute(f.accepted, f.elapsed), 2)},
		{"Discarded", 0},
		{"Stale", f.stale},
		{"Get Failures", 0},
		{"Local Work", f.accepted * 9},
		{"Remote Failures", 0},
		{"Network Blocks", 1},
		{"Total MH", fixed(f.average*1e3*float64(f.elapsed), 4)},
		{"Work Utility", fixed(0, 2)},
		{"Difficulty Accepted", number(exactDifficulty(f.work))},
		{"Difficulty Rejected", number(exactDifficulty(f.refused))},
		{"Difficulty Stale", number("0.00000000")},
		{"Best Share", fixed(f.best, 8)},
		{"Device Hardware%", fixed(0, 4)},
		{"Pool Rejected%", fixed(percent(f.rejected, f.accepted), 4)},
		{"Last getwork", f.now.Unix()},
	}
}

func cgminerDevs(f figures) []row {
	var out []row
	for i, b := range f.boards {
		status, temp := "Alive", fixed(b.temps[1]-15, 2)
		if b.dead {
			status, temp = "Dead", number("-273.00")
		}
		out = append(out, row{
			{"ASC", i},
			{"Name", "AVA10"},
			{"ID", i},
			{"Enabled", "Y"},
			{"Status", status},
			{"Temperature", temp},
			{"MHS av", fixed(b.rate*1e3, 2)},
			{"MHS 5s", fixed(b.rate*1e3, 2)},
			{"MHS 1m", fixed(b.rate*1e3, 2)},
			{"Accepted", f.accepted / 3},
			{"Rejected", f.rejected / 3},
			{"Hardware Errors", b.hwErrors},
			{"Last Share Pool", f.lastPool},
			{"Last Share Time", unixOrZero(f.lastAt)},
			{"Chip Frequency", fixed(b.frequency, 0)},
			{"Effective Chips", b.chips},
			{"PCB SN", b.serial},
			{"Chip Temp Min", fixed(b.temps[0], 2)},
			{"Chip Temp Max", fixed(b.temps[3], 2)},
			{"Chip Temp Avg", fixed(b.temps[1], 2)},
			{"Device Hardware%", fixed(0, 4)},
			{"Device Elapsed", f.elapsed},
		})
	}
	return out
}

func (m *machine) cgminerPools() []row {
	var out []row
	for i, s := range m.st.Slots {
		status := "Dead"
		switch {
		case s.Disabled:
			status = "Disabled"
		case s.rejects:
			status = "Rejecting"
		case s.alive:
			status = "Alive"
		}
		current := number("0.00000000")
		if s.active {
			current = number(trimFloat(s.current.Wire(), 32))
		}
		out = append(out, row{
			{"POOL", i},
			{"URL", s.URL},
			{"Status", status},
			{"Priority", s.Priority},
			{"Quota", 1},
			{"Long Poll", "N"},
			{"Getworks", s.Accepted / 4},
			{"Accepted", s.Accepted},
			{"Rejected", s.Rejected},
			{"Works", s.Accepted * 9},
			{"Discarded", 0},
			{"Stale", s.Stale},
			{"Get Failures", 0},
			{"Remote Failures", 0},
			{"User", s.User},
			{"Last Share Time", unixOrZero(s.LastAt)},
			{"Diff1 Shares", 0},
			{"Proxy Type", ""},
			{"Proxy", ""},
			{"Difficulty Accepted", number(exactDifficulty(s.Work))},
			{"Difficulty Rejected", number(exactDifficulty(s.Refused))},
			{"Difficulty Stale", number("0.00000000")},
			{"Last Share Difficulty", number(exactDifficulty(s.LastWork))},
			{"Work Difficulty", current},
			{"Has Stratum", true},
			{"Stratum Active", s.active},
			{"Stratum URL", activeHost(s)},
			{"Stratum Difficulty", current},
			{"Has Vmask", s.vmask},
			{"Has GBT", false},
			{"Best Share", fixed(s.Best, 8)},
			{"Pool Rejected%", fixed(percent(s.Rejected, s.Accepted), 4)},
			{"Pool Stale%", fixed(0, 4)},
			{"Bad Work", 0},
		})
	}
	return out
}

// module is Avalon's text of brackets.
func (m *machine) module(f figures) string {
	var rates, hottest, mean []string
	alive := 0
	for _, b := range f.boards {
		if !b.dead {
			alive++
		}
		rates = append(rates, string(fixed(b.rate, 2)))
		hottest = append(hottest, string(fixed(b.temps[3], 0)))
		mean = append(mean, string(fixed(b.temps[1], 0)))
	}
	return fmt.Sprintf("Ver[13-194-24102401_25462b2_9ddf522] DNA[%s] SYSTEMSTATU[Work: In Work, Hash Board: %d ] Elapsed[%d] "+
		"HW[%d] Temp[%.0f] TMax[%s] TAvg[%s] Fan1[%d] Fan2[%d] Fan3[%d] Fan4[%d] FanR[49%%] GHSmm[%.2f] GHSavg[%.2f] "+
		"Freq[%.2f] MGHS[%s] MTmax[%s] MTavg[%s] TA[%d] ECHU[0 0 0] ECMM[0]",
		m.st.Serial, alive, f.elapsed, f.hwErrors, f.ambient, hottest[0], mean[0],
		f.fans[0], f.fans[1], f.fans[2], f.fans[3], f.recent, f.average, f.boards[0].frequency,
		strings.Join(rates, " "), strings.Join(hottest, " "), strings.Join(mean, " "), alive*chipsPerBoard)
}

// cgminerWrite carries out privileged commands with cgminer's codes and its
// renumbering. Callers hold mu.
func (m *machine) cgminerWrite(command, parameter string) reply {
	switch command {
	case "addpool":
		return m.addPool(parameter)
	case "switchpool", "enablepool", "disablepool", "removepool":
	case "poolpriority":
		return m.poolPriority(parameter)
	case "save":
		m.st.Saved = nil
		for _, s := range m.byPriority() {
			m.st.Saved = append(m.st.Saved, s.Pool)
		}
		m.sim.changed()
		return success(44, "Configuration saved to file 'cgminer.conf'", "")
	default:
		return failure(14, "Invalid command")
	}
	if parameter == "" {
		return failure(25, "Missing pool id parameter")
	}
	i, err := strconv.Atoi(strings.TrimSpace(parameter))
	if err != nil || i < 0 || i >= len(m.st.Slots) {
		return failure(26, "Invalid pool id %d - range is 0 - %d", i, len(m.st.Slots)-1)
	}
	defer m.sim.changed()
	switch command {
	case "switchpool":
		return m.switchPool(i)
	case "enablepool":
		return m.enablePool(i)
	case "disablepool":
		return m.disablePool(i)
	}
	return m.removePool(i)
}

func (m *machine) addPool(parameter string) reply {
	if parameter == "" {
		return failure(52, "Missing addpool details")
	}
	p := splitParameter(parameter)
	if len(p) != 3 || p[0] == "" {
		return failure(53, "Invalid addpool details '%s'", parameter)
	}
	i := len(m.st.Slots)
	m.st.Slots = append(m.st.Slots, &slot{Pool: Pool{p[0], p[1], p[2]}, Priority: i})
	m.sim.changed()
	m.wake()
	return success(55, fmt.Sprintf("Added pool %d: '%s'", i, p[0]), "")
}

// wake ends an idle machine's wait for its dead pools: there is a new one.
func (m *machine) wake() {
	if !slices.ContainsFunc(m.st.Slots, func(s *slot) bool { return s.active }) {
		m.reload(false)
	}
}

// switchPool makes a pool the first and enables it; the others move down.
func (m *machine) switchPool(i int) reply {
	s := m.st.Slots[i]
	s.Disabled = false
	order := slices.DeleteFunc(m.byPriority(), func(o *slot) bool { return o == s })
	for n, o := range slices.Insert(order, 0, s) {
		o.Priority = n
	}
	if !s.active {
		m.reload(false)
	}
	return success(27, fmt.Sprintf("Switching to pool %d: '%s'", i, s.URL), "")
}

func (m *machine) byPriority() []*slot {
	out := slices.Clone(m.st.Slots)
	slices.SortStableFunc(out, func(a, b *slot) int { return a.Priority - b.Priority })
	return out
}

func (m *machine) enablePool(i int) reply {
	s := m.st.Slots[i]
	if !s.Disabled {
		return reply{letter: "I", code: 49, message: fmt.Sprintf("Pool %d:'%s' already enabled", i, s.URL)}
	}
	s.Disabled = false
	m.wake()
	return success(47, fmt.Sprintf("Enabling pool %d:'%s'", i, s.URL), "")
}

func (m *machine) disablePool(i int) reply {
	s := m.st.Slots[i]
	if s.Disabled {
		return reply{letter: "I", code: 50, message: fmt.Sprintf("Pool %d:'%s' already disabled", i, s.URL)}
	}
	if !slices.ContainsFunc(m.st.Slots, func(o *slot) bool { return o != s && !o.Disabled }) {
		return failure(51, "Cannot disable last active pool %d:'%s'", i, s.URL)
	}
	if !m.keeps(s) {
		s.Disabled = true
		if s.active {
			m.reload(false)
		}
	}
	return success(48, fmt.Sprintf("Disabling pool %d:'%s'", i, s.URL), "")
}

// removePool takes a pool out and renumbers those behind it.
func (m *machine) removePool(i int) reply {
	s := m.st.Slots[i]
	if len(m.st.Slots) == 1 {
		return failure(66, "Cannot remove last pool %d:'%s'", i, s.URL)
	}
	if s.active && !s.Disabled {
		return failure(67, "Cannot remove active pool %d:'%s'", i, s.URL)
	}
	if !m.keeps(s) {
		m.st.Slots = slices.Delete(m.st.Slots, i, i+1)
		for n, o := range m.byPriority() {
			o.Priority = n
		}
	}
	return success(68, fmt.Sprintf("Removed pool %d:'%s'", i, s.URL), "")
}

// keeps reports whether a stubborn machine holds on to a pool: all but the
// first that it was configured with.
func (m *machine) keeps(s *slot) bool {
	if !m.is.stubborn {
		return false
	}
	for i, p := range m.st.Saved {
		if i > 0 && p == s.Pool {
			return true
		}
	}
	return false
}

func (m *machine) poolPriority(parameter string) reply {
	var order []*slot
	for _, p := range splitParameter(parameter) {
		i, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil || i < 0 || i >= len(m.st.Slots) {
			return failure(26, "Invalid pool id %s - range is 0 - %d", p, len(m.st.Slots)-1)
		}
		if slices.Contains(order, m.st.Slots[i]) {
			return failure(74, "Duplicate pool specified %d", i)
		}
		order = append(order, m.st.Slots[i])
	}
	for _, s := range m.byPriority() {
		if !slices.Contains(order, s) {
			order = append(order, s)
		}
	}
	for n, s := range order {
		s.Priority = n
	}
	m.sim.changed()
	if len(order) > 0 && !order[0].active {
		m.reload(false)
	}
	return success(73, "Changed pool priorities", "")
}

// splitParameter splits at commas that no backslash protects.
func splitParameter(s string) []string {
	out := []string{""}
	for i := 0; i < len(s); i++ {
		last := len(out) - 1
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			out[last] += s[i : i+1]
		case s[i] == ',':
			out = append(out, "")
		default:
			out[last] += s[i : i+1]
		}
	}
	return out
}
