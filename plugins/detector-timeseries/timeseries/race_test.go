//go:build race

package timeseries

// raceDetector makes everything some ten times slower.
const raceDetector = true
