package minersim

import (
	"fmt"
	"strings"
	"time"
)

// The build that the simulated stock firmware claims to be.
const (
	minerVersion = "49.0.1.3"
	compileTime  = "Fri Nov 17 17:37:21 CST 2023"
)

// antminerRPC answers as stock bmminer does to the world, which is in group A:
// five commands to read, nothing to write. Callers hold mu.
func (m *machine) antminerRPC(command string, f figures) reply {
	switch command {
	case "version":
		return success(22, "BMMiner versions", "VERSION", row{
			{"BMMiner", "1.0.0"},
			{"API", "3.1"},
			{"Miner", minerVersion},
			{"CompileTime", compileTime},
			{"Type", m.st.Model},
		})
	case "summary":
		return success(11, "Summary", "SUMMARY", antminerSummary(f))
	case "pools":
		return success(7, fmt.Sprintf("%d Pool(s)", len(m.st.Slots)), "POOLS", m.antminerPools(f)...)
	case "devs":
		return success(9, "1 ASC(s)", "DEVS", antminerDevs(f))
	case "stats":
		r := success(70, "BMMiner stats", "STATS", m.antminerStats(f)...)
		r.glued = strings.Contains(m.st.Model, "S9")
		return r
	case "addpool", "switchpool", "enablepool", "disablepool", "removepool", "poolpriority", "save",
		"restart", "quit", "privileged", "devdetails", "config", "coin", "edevs", "estats", "lcd":
		return failure(45, "Access denied to '%s' command", command)
	}
	return failure(14, "Invalid command")
}

func antminerSummary(f figures) row {
	return row{
		{"Elapsed", f.elapsed},
		{"GHS 5s", fixed(f.recent, 2)},
		{"GHS av", fixed(f.average, 2)},
		{"GHS 30m", fixed(f.average, 2)},
		{"Found Blocks", 0},
		{"Getwork", f.accepted/4 + 1},
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
		{"Total MH", fixed(f.average*1e3*float64(f.elapsed), 0)},
		{"Difficulty Accepted", number(exactDifficulty(f.work))},
		{"Difficulty Rejected", number(exactDifficulty(f.refused))},
		{"Difficulty Stale", number("0.00000000")},
		{"Best Share", fixed(f.best, 8)},
		{"Pool Rejected%", fixed(percent(f.rejected, f.accepted), 4)},
		{"Last getwork", f.now.Unix()},
	}
}

func antminerDevs(f figures) row {
	return row{
		{"ASC", 0},
		{"Name", "SM"},
		{"ID", 0},
		{"Enabled", "Y"},
		{"Status", "Alive"},
		{"Temperature", fixed(f.boards[0].temps[3], 2)},
		{"Tenperature", fixed(f.boards[0].temps[3], 2)},
		{"MHS av", fixed(f.average*1e3, 2)},
		{"MHS 5s", fixed(f.recent*1e3, 2)},
		{"Accepted", f.accepted},
		{"Rejected", f.rejected},
		{"Hardware Errors", f.hwErrors},
		{"Utility", fixed(perMinute(f.accepted, f.elapsed), 2)},
		{"Last Share Pool", f.lastPool},
		{"Last Share Time", unixOrZero(f.lastAt)},
		{"Difficulty Accepted", number(exactDifficulty(f.work))},
		{"Device Elapsed", f.elapsed},
	}
}

// antminerPools lists the three slots; unused ones are spelled as bmminer does.
func (m *machine) antminerPools(f figures) []row {
	var out []row
	for i, s := range m.st.Slots {
		status, last, diff := "Dead", "0", ""
		switch {
		case s.URL == "":
			status = "Deed"
		case s.alive:
			status = "Alive"
		}
		if !s.LastAt.IsZero() {
			last = sinceClock(f.now.Sub(s.LastAt))
		}
		if s.active {
			diff = shortDifficulty(s.current.Wire())
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
			{"Discarded", 0},
			{"Stale", s.Stale},
			{"Get Failures", 0},
			{"Remote Failures", 0},
			{"User", s.User},
			{"Last Share Time", last},
			{"Diff", diff},
			{"Diff1 Shares", 0},
			{"Proxy Type", ""},
			{"Proxy", ""},
			{"Difficulty Accepted", number(exactDifficulty(s.Work))},
			{"Difficulty Rejected", number(exactDifficulty(s.Refused))},
			{"Difficulty Stale", number("0.00000000")},
			{"Last Share Difficulty", number(exactDifficulty(s.LastWork))},
			{"Has Stratum", s.URL != ""},
			{"Stratum Active", s.active},
			{"Stratum URL", activeHost(s)},
			{"Has GBT", false},
			{"Best Share", fixed(s.Best, 8)},
			{"Pool Rejected%", fixed(percent(s.Rejected, s.Accepted), 4)},
			{"Pool Stale%%", fixed(0, 4)},
		})
	}
	return out
}

// antminerStats is the head and the one long row of numbered keys.
func (m *machine) antminerStats(f figures) []row {
	head := row{{"BMMiner", "1.0.0"}, {"Miner", minerVersion}, {"CompileTime", compileTime}, {"Type", m.st.Model}}
	alive := 0
	chips := 0
	for _, b := range f.boards {
		if !b.dead {
			alive++
		}
		chips += b.chips
	}
	r := row{
		{"STATS", 0},
		{"ID", "BTM_SOC0"},
		{"Elapsed", f.elapsed},
		{"Calls", 0},
		{"Wait", number("0.000000")},
		{"Max", number("0.000000")},
		{"Min", number("99999999.000000")},
		{"GHS 5s", fixed(f.recent, 2)},
		{"GHS av", fixed(f.average, 2)},
		{"rate_30m", fixed(f.average, 2)},
		{"Mode", 2},
		{"miner_count", alive},
		{"frequency", 675},
		{"fan_num", len(f.fans)},
	}
	for i, rpm := range f.fans {
		r = append(r, field{fmt.Sprintf("fan%d", i+1), rpm})
	}
	r = append(r, field{"temp_num", alive})
	for i, b := range f.boards {
		r = append(r, chainFields(i+1, b)...)
	}
	r = append(r,
		field{"total_rateideal", fixed(f.ideal, 1)}, field{"rate_unit", "GH"},
		field{"total_freqavg", 675}, field{"total_acn", chips}, field{"total rate", fixed(f.recent, 2)},
		field{"temp_max", 0}, field{"no_matching_work", f.hwErrors},
		field{"miner_version", minerVersion}, field{"miner_id", fmt.Sprintf("%016x", leadingBytes(m.st.Serial))},
	)
	return []row{head, r}
}

func chainFields(n int, b boardFigures) []field {
	key := func(prefix string) string { return fmt.Sprintf("%s%d", prefix, n) }
	if b.dead {
		return []field{
			{key("temp_pcb"), "0-0-0-0"},
			{key("temp_chip"), "0-0-0-0"},
			{key("temp_pic"), "0-0-0-0"},
			{key("chain_acn"), 0},
			{key("chain_acs"), ""},
			{key("chain_hw"), 0},
			{key("chain_rate"), ""},
			{key("freq"), 0},
		}
	}
	temps := func(below float64) string {
		var s []string
		for _, t := range b.temps {
			s = append(s, fmt.Sprint(int(t-below)))
		}
		return strings.Join(s, "-")
	}
	return []field{
		{key("temp_pcb"), temps(15)},
		{key("temp_chip"), temps(0)},
		{key("temp_pic"), temps(20)},
		{key("chain_acn"), b.chips},
		{key("chain_acs"), chipMap(b.chips)},
		{key("chain_hw"), b.hwErrors},
		{key("chain_rate"), string(fixed(b.rate, 2))},
		{key("freq"), fixed(b.frequency, 0)},
	}
}

// chipMap is " oo oo …": all of a board's chips working.
func chipMap(chips int) string { return strings.Repeat(" oo", chips/2) }

func activeHost(s *slot) string {
	if !s.active {
		return ""
	}
	addr, err := poolAddress(s.URL)
	if err != nil {
		return ""
	}
	host, _, _ := strings.Cut(addr, ":")
	return host
}

func sinceClock(d time.Duration) string {
	s := max(int(d.Seconds()), 0)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func perMinute(n, seconds int64) float64 { return float64(n) * 60 / float64(max(seconds, 1)) }

func percent(part, rest int64) float64 { return 100 * float64(part) / float64(max(part+rest, 1)) }
