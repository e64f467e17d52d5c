package verify

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Names are compared by their tokens. Folding decomposes (NFKD), drops marks,
// lower-cases, makes everything but letters and digits a space, and sorts the
// tokens; what only names the legal form is left out while a token remains.
//
// Two names match exactly when their sets of tokens are equal. They match
// closely when their score is at least CloseFrom: longest first, each token of
// the shorter name takes the likest token left in the other, likeness being
// 1 − Levenshtein/longer; pairs below pairFrom do not count. The score is the
// sum over the pairs of likeness × letters of both, over the letters of both
// names. So order, an accent, a typing error or a missing short name in the
// middle do not hide a match, and a common first name alone does not make one.

// CloseFrom is the score from which names match closely, in parts per million.
const CloseFrom = 880_000

const (
	pairFrom  = 750_000
	maxTokens = 16
	maxToken  = 32 // runes
	whole     = 1_000_000
)

// Folded is a name ready to be compared.
type Folded struct {
	tokens  []string // sorted, without repetition
	letters int
}

// legalForms are left out of names.
func legalForm(s string) bool {
	switch s {
	case "ltd", "limited", "llc", "inc", "incorporated", "corp", "corporation", "co", "company", "gmbh", "ag", "sa", "srl", "spa",
		"bv", "nv", "oy", "oyj", "ab", "as", "aps", "ooo", "oao", "zao", "pao", "jsc", "pjsc", "ojsc", "llp", "lp", "plc", "kg", "ug", "sarl", "sas",
		"sl", "doo", "kft", "uab", "ou", "fze", "fzco", "fzc", "dmcc", "pte", "pty", "the", "and", "of":
		return true
	}
	return false
}

// Fold makes a name ready to be compared.
func Fold(name string) Folded {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.Is(unicode.M, r) || r == '\'' || r == '’' || r == '.':
			// S.A. is SA, O'Neil is ONeil.
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	all := strings.Fields(b.String())
	kept := slices.DeleteFunc(slices.Clone(all), legalForm)
	if len(kept) == 0 {
		kept = all
	}
	var f Folded
	for _, t := range kept {
		if r := []rune(t); len(r) > maxToken {
			t = string(r[:maxToken])
		}
		f.tokens = append(f.tokens, t)
	}
	slices.Sort(f.tokens)
	f.tokens = slices.Compact(f.tokens)
	f.tokens = f.tokens[:min(len(f.tokens), maxTokens)]
	for _, t := range f.tokens {
		f.letters += len([]rune(t))
	}
	return f
}

// String is the folded name, by which it is told apart from others.
func (f Folded) String() string { return strings.Join(f.tokens, " ") }

// Compare is the score of two names in parts per million; exact says that
// their tokens are equal.
func (f Folded) Compare(g Folded) (ppm int, exact bool) {
	if len(f.tokens) == 0 || len(g.tokens) == 0 {
		return 0, false
	}
	if slices.Equal(f.tokens, g.tokens) {
		return whole, true
	}
	if len(f.tokens) > len(g.tokens) || len(f.tokens) == len(g.tokens) && f.letters > g.letters {
		f, g = g, f
	}
	// The best that could come of it: every token of f finds the likest one.
	if best := f.letters + min(g.letters, f.letters*whole/pairFrom); best*whole < CloseFrom*(f.letters+g.letters) {
		return 0, false
	}
	mine := slices.Clone(f.tokens)
	slices.SortStableFunc(mine, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	left := slices.Clone(g.tokens)
	sum := 0
	for _, t := range mine {
		at, best := -1, 0
		for i, o := range left {
			if s := likeness(t, o); s > best {
				at, best = i, s
			}
		}
		if best < pairFrom {
			continue
		}
		sum += best * (len([]rune(t)) + len([]rune(left[at])))
		left = slices.Delete(left, at, at+1)
	}
	return sum / (f.letters + g.letters), false
}

// likeness is 1 − Levenshtein over the longer one's length, in ppm.
func likeness(a, b string) int {
	if a == b {
		return whole
	}
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x)*whole < pairFrom*len(y) {
		return 0
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diag := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diag
			if r != s {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return whole - row[len(y)]*whole/len(y)
}
