//go:build !race

package minersim

const raceEnabled = false
