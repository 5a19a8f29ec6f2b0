//go:build race

package plugin

// The race detector reserves far more than any limit of a plugin.
const (
	raceDetector = true
	beastMemory  = 1 << 46
)
