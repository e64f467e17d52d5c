//go:build race

package minersim

const raceEnabled = true
