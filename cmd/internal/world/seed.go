package world

import (
	"encoding/json"
	"fmt"
	"os"

	"hashyard"
)

// Seed is who and what a new world begins with. `serve` puts it into an empty
// database and leaves what is there already.
type Seed struct {
	Houses []House           `json:"organisations"`
	Users  []User            `json:"users"`
	Keys   map[string]string `json:"keys"` // "slug.role" → API key
	Sites  []Site            `json:"sites"`
	// Machines is where the simulated machines are told about.
	Machines string `json:"machines,omitempty"`
}

// Odd are the beginnings of the names of machines that misbehave on purpose,
// with what they do.
func Odd() map[string]string {
	return map[string]string{
		"slow-":      "answers after seconds",
		"hot-":       "runs too hot",
		"deadboard-": "one board of three is silent",
		"liar-":      "reports 100 %, delivers 70 %",
		"stubborn-":  "keeps its old pools",
	}
}

// LoadSeed reads a seed file.
func LoadSeed(path string) (Seed, error) {
	var s Seed
	b, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("seed: %w", err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, hashyard.Invalid.Errorf("seed %s: %w", path, err)
	}
	return s, nil
}
